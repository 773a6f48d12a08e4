import { expect, it } from 'vitest';
import { read, write, type Definition } from './definition';
import { parseSource } from './source';

const definition: Definition = {
  name: 'messages',
  schema: { type: 'object', properties: { room: { type: 'string' } } },
  indexes: [{ fields: ['room', '-createdAt'] }],
  search: [],
};

it('tells a definition from a schema by its members', () => {
  expect(read({ type: 'object', properties: {} }, 'definition')).toMatchObject({ form: 'schema', fault: null });
  expect(read({ name: 'a', schema: { type: 'object' } }, 'schema')).toMatchObject({ form: 'definition', fault: null });
  // A schema may have a field called schema, and its own words beside it.
  expect(read({ properties: { schema: {} }, schema: {} }, 'schema').form).toBe('schema');
  expect(read({}, 'schema').form).toBe('schema');
  expect(read({}, 'definition').form).toBe('definition');
});

it('reads back what it writes, in either form', () => {
  expect(read(parseSource(write('definition', definition)).value, 'schema').value).toEqual(definition);
  expect(read(parseSource(write('schema', definition)).value, 'schema').value).toEqual({ schema: definition.schema });
});

it('writes a definition as a file has it', () => {
  expect(write('definition', definition)).toBe(`{
  "name": "messages",
  "schema": {
    "type": "object",
    "properties": {
      "room": { "type": "string" }
    }
  },
  "indexes": [{ "fields": ["room", "-createdAt"] }]
}`);
  expect(write('definition', { ...definition, search: ['room'] })).toContain('"search": ["room"]');
});

it('takes lists that are left out as empty, and the kind that every collection has', () => {
  const { indexes, search, ...rest } = definition;
  expect(read({ ...rest, kind: 'base' }, 'schema').value).toEqual({ ...rest, indexes: [], search: [] });
  expect([indexes.length, search.length]).toEqual([1, 0]);
});

it.each([
  [{ schema: {} }, '', /name is missing/],
  [{ name: 1, schema: {} }, '/name', /is a text/],
  [{ name: 'a' }, '', /schema is missing/],
  [{ name: 'a', schema: [] }, '/schema', /object in braces/],
  [{ name: 'a', schema: { properties: { b: 1 } } }, '/schema/properties/b', /field b/],
  [{ name: 'a', schema: { required: 'b' } }, '/schema/required', /list of field names/],
  [{ name: 'a', schema: {}, indexes: {} }, '/indexes', /is a list/],
  [{ name: 'a', schema: {}, indexes: [{ fields: ['b'] }, { field: 'b' }] }, '/indexes/1', /An index is/],
  [{ name: 'a', schema: {}, search: 'b' }, '/search', /list of field names/],
  [{ name: 'a', schema: {}, kind: 'view' }, '/kind', /not supported/],
  [{ name: 'a', schema: {}, hash: 'f' }, '/hash', /no member hash/],
  [{ name: 'a', schema: {}, rules: [] }, '/rules', /no member rules/],
])('says what is wrong with %j, and where', (value, pointer, message) => {
  const { value: nothing, fault } = read(value, 'schema');
  expect(nothing).toBeNull();
  expect(fault?.pointer).toBe(pointer);
  expect(fault?.message).toMatch(message);
});

import { expect, it } from 'vitest';
import { print } from './print';
import { parseSource } from './source';

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['body'],
  properties: {
    body: { type: 'string', minLength: 1 },
    room: { type: 'string', description: 'The room that it was said in', 'x-relation': { collection: 'rooms', onDelete: 'cascade' } },
    gone: undefined,
  },
  'x-unknown': { kept: [1, { a: [] }] },
};

it('puts one property on a line, and breaks what is too long', () => {
  expect(print(schema, ['/properties'])).toBe(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["body"],
  "properties": {
    "body": { "type": "string", "minLength": 1 },
    "room": {
      "type": "string",
      "description": "The room that it was said in",
      "x-relation": { "collection": "rooms", "onDelete": "cascade" }
    }
  },
  "x-unknown": { "kept": [1, { "a": [] }] }
}`);
});

it('is read back to the same value', () => {
  expect(parseSource(print(schema, ['/properties'])).value).toEqual(JSON.parse(JSON.stringify(schema)));
});

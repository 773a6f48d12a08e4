import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '@plinth/client/admin';
import { addField, freeName, moveField, removeField, renameField, setRequired, withKind } from './fields';

const schema: JsonSchema = {
  type: 'object',
  required: ['hearts'],
  properties: { body: { type: 'string' }, hearts: { type: 'integer', minimum: 0, 'x-note': 'kept' } },
  'x-own': true,
};

describe('renameField', () => {
  it('keeps place, rules and unknown keywords, and remembers the stored name', () => {
    const renamed = renameField(schema, 'hearts', 'likes', 'hearts');
    expect(Object.keys(renamed.properties ?? {})).toEqual(['body', 'likes']);
    expect(renamed.properties?.likes).toEqual({ type: 'integer', minimum: 0, 'x-note': 'kept', 'x-renamed-from': 'hearts' });
    expect(renamed.required).toEqual(['likes']);
    expect(renamed['x-own']).toBe(true);
  });

  it('renames a renamed field once, and back without a trace', () => {
    const once = renameField(schema, 'hearts', 'likes', 'hearts');
    const twice = renameField(once, 'likes', 'stars', 'hearts');
    expect(twice.properties?.stars?.['x-renamed-from']).toBe('hearts');
    expect(renameField(twice, 'stars', 'hearts', 'hearts')).toEqual(schema);
  });

  it('leaves no mark on a field that was never stored', () => {
    const added = addField(schema, 'text', { type: 'string' });
    expect(renameField(added, 'text', 'topic', null).properties?.topic).toEqual({ type: 'string' });
  });
});

it('removes a field and its being required', () => {
  const removed = removeField(schema, 'hearts');
  expect(Object.keys(removed.properties ?? {})).toEqual(['body']);
  expect(removed.required).toEqual([]);
});

it('changes the kind without the rules of the old one', () => {
  expect(withKind({ type: 'integer', minimum: 0, default: 0, description: 'How many', 'x-note': 1 }, 'text', 'rooms')).toEqual({
    type: 'string',
    description: 'How many',
    'x-note': 1,
  });
});

it('adds no list of required fields that nobody asked for', () => {
  expect(setRequired({ type: 'object' }, 'a', false)).toEqual({ type: 'object' });
  expect(setRequired({ type: 'object' }, 'a', true).required).toEqual(['a']);
});

it('moves a field and finds a free name', () => {
  expect(Object.keys(moveField(schema, 'hearts', 0).properties ?? {})).toEqual(['hearts', 'body']);
  expect(freeName(schema, 'Body')).toBe('Body2');
  expect(freeName(schema, 'update')).toBe('update2');
});

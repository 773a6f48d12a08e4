import { expect, it } from 'vitest';
import type { CollectionDefinition } from '@plinth/client/admin';
import { entriesOf } from './entry';

const definition = (name: string, properties: CollectionDefinition['schema']['properties'] = {}): CollectionDefinition => ({
  name,
  kind: 'base',
  system: false,
  schema: { type: 'object', description: `About ${name}`, properties },
  indexes: [],
  search: [],
  hash: 'h',
  createdAt: '2026-11-22T10:00:00.000Z',
  updatedAt: '2026-11-22T10:00:00.000Z',
});

const both = [
  definition('messages', { body: { type: 'string' }, room: { type: 'string', 'x-relation': { collection: 'rooms' } } }),
  definition('rooms'),
];

it('searches names, descriptions and field names', () => {
  const names = (search: string) => entriesOf(both, { search, rows: {}, rules: [] }).map((entry) => entry.name);
  expect(names('')).toEqual(['messages', 'rooms']);
  expect(names('BODY')).toEqual(['messages']);
  expect(names('about rooms')).toEqual(['rooms']);
  expect(names('nothing')).toEqual([]);
});

it('leaves open what is not known yet', () => {
  const [entry] = entriesOf(both, { search: 'messages', rows: {}, rules: undefined });
  expect(entry?.exposure).toBeUndefined();
  expect(entry?.rows).toBeUndefined();
  expect(entry?.fields).toEqual([
    { name: 'body', word: 'text' },
    { name: 'room', word: '→ rooms' },
  ]);
});

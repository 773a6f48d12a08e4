import { expect, test } from 'vitest';
import type { CollectionDefinition } from '@plinth/client/admin';
import { limitable, toggled } from './fields';
import { suggestionsFor } from './names';
import { filtered } from './filter';
import { isWide } from './wide';

function collection(name: string, properties: CollectionDefinition['schema']['properties'] = {}): CollectionDefinition {
  return { name, kind: 'base', system: false, schema: { type: 'object', properties }, indexes: [], search: [], hash: '', createdAt: '', updatedAt: '' };
}

const user = { type: 'string', 'x-relation': { collection: 'users' } };
const posts = collection('blog_posts', { title: { type: 'string' }, secret: { type: 'string', writeOnly: true }, score: { type: 'integer', readOnly: true }, author: user });
const notes = collection('blog_notes', { title: { type: 'string' }, text: { type: 'string' } });

test('a rule is limited to what can be read, or written', () => {
  expect(limitable('blog_posts', 'read', [posts, notes])).toEqual(['title', 'score', 'author']);
  expect(limitable('blog_posts', 'update', [posts, notes])).toEqual(['title', 'secret', 'author']);
  expect(limitable('blog_*', 'read', [posts, notes])).toEqual(['title', 'score', 'author', 'text']);
});

test('all fields chosen is no limit, and names keep the order of the schema', () => {
  const all = ['a', 'b', 'c'];
  expect(toggled(null, 'b', all)).toEqual(['a', 'c']);
  expect(toggled(['c'], 'a', all)).toEqual(['a', 'c']);
  expect(toggled(['a', 'c'], 'b', all)).toBeNull();
  expect(toggled(['a'], 'a', all)).toEqual([]);
  expect(toggled(['gone', 'a'], 'gone', all)).toEqual(['a']);
});

test('conditions to start from know the field that names the owner', () => {
  expect(suggestionsFor(posts, 'create')[0]?.condition).toBe('data.author == auth.id');
  expect(suggestionsFor(posts, 'update')[0]?.condition).toBe('author == auth.id\n&& data.author == author');
  expect(suggestionsFor(notes, 'read')).toEqual([]);
});

test('a search narrows rows or columns, whichever it names', () => {
  const roles = [{ name: 'user' }, { name: 'editor' }];
  expect(filtered('edit', roles, [posts, notes])).toMatchObject({ roles: [{ name: 'editor' }], definitions: [posts, notes], matches: true });
  expect(filtered('notes', roles, [posts, notes])).toMatchObject({ roles, definitions: [notes] });
  expect(filtered('users', roles, [collection('users')])).toMatchObject({ roles });
  expect(filtered('zzz', roles, [posts])).toMatchObject({ matches: false });
});

test('what has no cell is wide', () => {
  const rule = { subject: 'role:user', object: 'posts', action: 'read' } as const;
  expect(isWide(rule)).toBe(false);
  for (const change of [{ subject: 'user:1' }, { subject: 'role:admin' }, { object: '*' }, { object: 'sys:users' }, { action: '*' as const }]) expect(isWide({ ...rule, ...change })).toBe(true);
});

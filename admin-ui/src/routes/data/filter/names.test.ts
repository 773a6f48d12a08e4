import type { CollectionDefinition } from '@plinth/client/admin';
import { describe, expect, it } from 'vitest';
import { namesOf } from './names';

const definition = (name: string, properties: object) => ({ name, schema: { properties } }) as unknown as CollectionDefinition;
const to = (collection: string) => ({ type: 'string', 'x-relation': { collection } });
const rooms = definition('rooms', { name: { type: 'string' }, owner: to('users') });
const users = definition('users', { email: { type: 'string' }, home: to('rooms') });
const messages = definition('messages', { room: to('rooms'), likes: { type: 'integer' } });

describe('namesOf', () => {
  const names = namesOf(messages, [rooms, users, messages]);

  it('names fields, times, the caller and now', () => {
    expect(names.map(({ name }) => name)).toEqual(['id', 'room', 'likes', 'createdAt', 'updatedAt', 'auth', 'now']);
    expect(names.find(({ name }) => name === 'likes')?.detail).toBe('integer');
  });

  it('follows relations, but not for ever', () => {
    const owner = names.find(({ name }) => name === 'room')?.members?.find(({ name }) => name === 'owner');
    expect(owner?.members?.map(({ name }) => name)).toContain('home');
    expect(owner?.members?.find(({ name }) => name === 'home')?.members).toBeUndefined();
  });

  it('knows who points here', () => {
    expect(namesOf(rooms, [rooms, users, messages]).map(({ name }) => name)).toEqual(expect.arrayContaining(['users_via_home', 'messages_via_room']));
  });
});

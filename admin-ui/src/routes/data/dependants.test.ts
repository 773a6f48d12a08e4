import type { CollectionDefinition } from '@plinth/client/admin';
import { describe, expect, it } from 'vitest';
import { dependantsOf } from './dependants';

const relation = (collection: string, onDelete?: 'cascade' | 'setNull' | 'restrict') => ({
  type: 'string',
  'x-relation': { collection, ...(onDelete && { onDelete }) },
});

describe('dependantsOf', () => {
  it('names what a delete takes along and what it unsets', () => {
    const definitions: Pick<CollectionDefinition, 'name' | 'schema'>[] = [
      { name: 'messages', schema: { properties: { room: relation('rooms', 'cascade'), author: relation('users', 'cascade') } } },
      { name: 'members', schema: { properties: { room: relation('rooms', 'restrict'), other: relation('rooms') } } },
      { name: 'boards', schema: { properties: { rooms: { type: 'array', items: relation('rooms', 'setNull') } } } },
    ];
    expect(dependantsOf('rooms', definitions)).toEqual({ cascading: ['messages.room'], unsetting: ['boards.rooms'] });
    expect(dependantsOf('messages', definitions)).toEqual({ cascading: [], unsetting: [] });
  });
});

import { describe, expect, it } from 'vitest';
import { columnsOf } from '../columns';
import { expandOf, linkedOf } from './relations';

const columns = columnsOf({
  schema: {
    properties: {
      author: { type: 'string', 'x-relation': { collection: 'users' } },
      tags: { type: 'array', items: { type: 'string', 'x-relation': { collection: 'tags' } } },
      body: { type: 'string' },
    },
  },
});
const labels = new Map([
  ['users', 'name'],
  ['tags', null],
]);
const column = (name: string) => ({ name, target: columns.find((other) => other.name === name)?.target });

describe('expandOf', () => {
  it('asks of each related record its id and label alone', () => {
    expect(expandOf(columns, labels)).toEqual({ author: { select: ['id', 'name'] }, tags: { select: ['id'] } });
  });
});

describe('linkedOf', () => {
  it('labels what was brought and shows the id of what was not', () => {
    const record = { id: 'm', author: 'u', tags: ['t', 'x'], expand: { author: { id: 'u', name: 'Ada' }, tags: [{ id: 't' }] } };
    expect(linkedOf(record, column('author'), labels)).toEqual([{ id: 'u', label: 'Ada' }]);
    expect(linkedOf(record, column('tags'), labels)).toEqual([
      { id: 't', label: null },
      { id: 'x', label: null },
    ]);
    expect(linkedOf({ id: 'm', author: 'gone', expand: { author: null } }, column('author'), labels)).toEqual([{ id: 'gone', label: null }]);
    expect(linkedOf({ id: 'm', author: null }, column('author'), labels)).toEqual([]);
  });
});

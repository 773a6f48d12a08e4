import { describe, expect, it } from 'vitest';
import { columnsOf, defaultNames, shownColumns } from './columns';

const definition = {
  schema: {
    required: ['body'],
    properties: {
      likes: { type: 'integer' },
      body: { type: 'string' },
      secret: { type: 'string', writeOnly: true },
      author: { type: 'string', 'x-relation': { collection: 'users' } },
      meta: { type: 'object' },
      slug: { type: 'string', readOnly: true },
    },
  },
};
const all = columnsOf(definition);
const names = (list: { name: string }[]) => list.map(({ name }) => name);

describe('columnsOf', () => {
  it('puts id first and the times last, and leaves out what never comes back', () => {
    expect(names(all)).toEqual(['id', 'likes', 'body', 'author', 'meta', 'slug', 'createdAt', 'updatedAt']);
  });

  it('knows what a person may change and what can be sorted', () => {
    expect(all.filter(({ readOnly }) => readOnly).map(({ name }) => name)).toEqual(['id', 'slug', 'createdAt', 'updatedAt']);
    expect(all.find(({ name }) => name === 'meta')?.sortable).toBe(false);
    expect(all.find(({ name }) => name === 'author')?.target).toBe('users');
  });
});

describe('shownColumns', () => {
  it('hides the last change unless it is asked for', () => {
    expect(names(shownColumns(all, null))).toEqual(['id', ...defaultNames(all).slice(1)]);
    expect(names(shownColumns(all, ['updatedAt', 'body']))).toEqual(['id', 'updatedAt', 'body']);
  });

  it('passes over names that do not exist', () => {
    expect(names(shownColumns(all, ['gone', 'likes']))).toEqual(['id', 'likes']);
  });

  it('lets the first text grow, or the last column without one', () => {
    expect(shownColumns(all, null).find(({ grows }) => grows)?.name).toBe('body');
    expect(shownColumns(all, ['likes', 'author']).find(({ grows }) => grows)?.name).toBe('author');
  });
});

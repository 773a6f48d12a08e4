import { describe, expect, it } from 'vitest';
import { nextSort, orderBy, queryOf, viewOf, type View } from './view';

const address = (view: Partial<View>) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf(view))) if (value !== null) query.set(name, value);
  return query;
};

describe('viewOf and queryOf', () => {
  it('are each other’s way back', () => {
    const view: View = {
      filter: 'body.contains("a&b=c") && likes > 3',
      sort: [
        { field: 'likes', descending: true },
        { field: 'body', descending: false },
      ],
      columns: ['body', 'author'],
      record: '0198c1f2-6c0e-7b21-9d55-03a5e2d7a355',
      tab: 'json',
    };
    expect(viewOf(new URLSearchParams(address(view).toString()))).toEqual(view);
  });

  it('leave the default out of the address', () => {
    expect(address({ filter: ' ', sort: [], columns: null, record: null, tab: 'fields' }).toString()).toBe('');
    expect(viewOf(new URLSearchParams())).toEqual({ filter: '', sort: [], columns: null, record: null, tab: 'fields' });
  });

  it('take from an address what makes sense', () => {
    const view = viewOf(new URLSearchParams('sort=-,likes,,likes&columns=,&tab=history'));
    expect(orderBy(view.sort)).toEqual(['likes']);
    expect(view.columns).toBeNull();
    expect(view.tab).toBe('fields');
  });

  it('say nothing of parts that are not given', () => {
    expect(queryOf({ record: 'x' })).toEqual({ record: 'x' });
  });
});

describe('nextSort', () => {
  const up = { field: 'likes', descending: false };
  const down = { field: 'likes', descending: true };
  const other = { field: 'body', descending: false };

  it('goes up, down and away', () => {
    expect(nextSort([], 'likes', false)).toEqual([up]);
    expect(nextSort([up], 'likes', false)).toEqual([down]);
    expect(nextSort([down], 'likes', false)).toEqual([]);
  });

  it('keeps the other keys only when it adds', () => {
    expect(nextSort([other], 'likes', false)).toEqual([up]);
    expect(nextSort([other], 'likes', true)).toEqual([other, up]);
    expect(nextSort([up, other], 'likes', true)).toEqual([down, other]);
    expect(nextSort([down, other], 'likes', true)).toEqual([other]);
  });
});

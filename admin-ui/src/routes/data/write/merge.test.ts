import { describe, expect, it } from 'vitest';
import { resolved, threeWay } from './merge';

const base = { id: 'a', likes: 2, body: 'old', meta: { a: 1 } };

describe('threeWay', () => {
  it('merges by itself what only one side changed', () => {
    expect(threeWay(base, { likes: 5 }, { ...base, body: 'theirs' })).toEqual({ changes: { likes: 5 }, conflicts: [] });
  });

  it('has nothing to write where both wrote the same', () => {
    expect(threeWay(base, { likes: 5, meta: { a: 2 } }, { ...base, likes: 5, meta: { a: 2 } })).toEqual({ changes: {}, conflicts: [] });
  });

  it('shows all three where they differ', () => {
    expect(threeWay(base, { likes: 5, body: 'mine' }, { ...base, likes: 3 })).toEqual({
      changes: { body: 'mine' },
      conflicts: [{ field: 'likes', base: 2, mine: 5, theirs: 3 }],
    });
  });
});

describe('resolved', () => {
  const merge = threeWay(base, { likes: 5, body: 'mine' }, { ...base, likes: 3 });

  it('writes mine or base, and leaves theirs as it is stored', () => {
    expect(resolved(merge, { likes: 'mine' })).toEqual({ body: 'mine', likes: 5 });
    expect(resolved(merge, { likes: 'base' })).toEqual({ body: 'mine', likes: 2 });
    expect(resolved(merge, { likes: 'theirs' })).toEqual({ body: 'mine' });
  });
});

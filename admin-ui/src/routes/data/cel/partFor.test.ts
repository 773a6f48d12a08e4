import { describe, expect, it } from 'vitest';
import { partFor } from './partFor';

describe('partFor', () => {
  it('compares with the value, in the kind’s own literal', () => {
    expect(partFor({ name: 'body', kind: 'text' }, 'say "hi"')).toBe('body == "say \\"hi\\""');
    expect(partFor({ name: 'likes', kind: 'integer' }, 3, true)).toBe('likes != 3');
    expect(partFor({ name: 'at', kind: 'dateTime' }, '2026-01-01T00:00:00.000Z')).toBe('at == timestamp("2026-01-01T00:00:00.000Z")');
    expect(partFor({ name: 'author', kind: 'relation' }, null, true)).toBe('author != null');
  });

  it('looks into lists', () => {
    expect(partFor({ name: 'tags', kind: 'list' }, ['a', 'b'])).toBe('"a" in tags && "b" in tags');
    expect(partFor({ name: 'tags', kind: 'list' }, [1])).toBe('1 in tags');
    expect(partFor({ name: 'tags', kind: 'relations' }, ['x'], true)).toBe('!("x" in tags)');
    expect(partFor({ name: 'tags', kind: 'list' }, [])).toBe('size(tags) == 0');
  });

  it('has nothing to say of JSON', () => {
    expect(partFor({ name: 'meta', kind: 'object' }, { a: 1 })).toBeNull();
  });
});

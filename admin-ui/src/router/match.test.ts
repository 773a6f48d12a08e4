import { describe, expect, it } from 'vitest';
import { fill, match } from './match';

describe('match', () => {
  it('gives the params of a pattern, decoded', () => {
    expect(match('/data/:collection', '/data/messages')).toEqual({ collection: 'messages' });
    expect(match('/users/:id', '/users/a%2Fb')).toEqual({ id: 'a/b' });
  });

  it('matches whole paths only', () => {
    expect(match('/data', '/data/messages')).toBeNull();
    expect(match('/data/:collection', '/data')).toBeNull();
    expect(match('/schema/new', '/schema/old')).toBeNull();
  });

  it('refuses a broken escape', () => {
    expect(match('/data/:collection', '/data/%E0%A4%A')).toBeNull();
  });
});

describe('fill', () => {
  it('is the way back', () => {
    expect(fill('/users/:id', { id: 'a/b' })).toBe('/users/a%2Fb');
  });
});

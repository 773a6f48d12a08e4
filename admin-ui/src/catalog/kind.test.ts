import { describe, expect, it } from 'vitest';
import { kindOf } from './kind';

describe('kindOf', () => {
  it('tells the ten kinds by their keywords', () => {
    expect(kindOf({ type: 'string' })).toBe('text');
    expect(kindOf({ type: 'string', format: 'uuid' })).toBe('text');
    expect(kindOf({ type: 'string', format: 'date-time' })).toBe('dateTime');
    expect(kindOf({ enum: ['a', 'b'] })).toBe('choice');
    expect(kindOf({ type: 'integer' })).toBe('integer');
    expect(kindOf({ type: 'number' })).toBe('number');
    expect(kindOf({ type: 'boolean' })).toBe('boolean');
    expect(kindOf({ type: 'object' })).toBe('object');
    expect(kindOf({ type: 'array', items: { type: 'string' } })).toBe('list');
    expect(kindOf({ type: 'string', 'x-relation': { collection: 'rooms' } })).toBe('relation');
    expect(kindOf({ type: 'array', items: { type: 'string', 'x-relation': { collection: 'tags' } } })).toBe('relations');
  });

  it('looks past null, and knows nothing of unions', () => {
    expect(kindOf({ type: ['string', 'null'] })).toBe('text');
    expect(kindOf({ type: ['string', 'integer'] })).toBeNull();
    expect(kindOf({})).toBeNull();
  });
});

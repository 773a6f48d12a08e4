import { describe, expect, it } from 'vitest';
import { labelField, labelOf, shortId } from './label';

const of = (properties: object, required: string[] = []) => labelField({ schema: { properties: { ...properties }, required } });

describe('labelField', () => {
  it('prefers the names that people give to a label, by rank and not by place', () => {
    expect(of({ email: { type: 'string' }, name: { type: 'string' } })).toBe('name');
    expect(of({ topic: { type: 'string' }, title: { type: 'string' } })).toBe('title');
  });

  it('takes the first required text, then any text, then nothing', () => {
    expect(of({ topic: { type: 'string' }, code: { type: 'string' } }, ['code'])).toBe('code');
    expect(of({ topic: { type: 'string' } })).toBe('topic');
    expect(of({ name: { type: 'string', 'x-relation': { collection: 'a' } }, n: { type: 'integer' } })).toBeNull();
  });

  it('never names a field that does not come back', () => {
    expect(of({ name: { type: 'string', writeOnly: true } })).toBeNull();
  });
});

describe('labelOf', () => {
  it('is null where there is nothing to read', () => {
    expect(labelOf({ name: 'Ada' }, 'name')).toBe('Ada');
    expect(labelOf({ name: ' ' }, 'name')).toBeNull();
    expect(labelOf(null, 'name')).toBeNull();
  });

  it('shortens ids from the front', () => {
    expect(shortId('0198c1f2-6c0e-7b21-9d55-03a5e2d7a355')).toBe('…d7a355');
  });
});

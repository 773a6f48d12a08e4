import { expect, it } from 'vitest';
import { chipsOf } from './chips';

it('says limits as a person would', () => {
  expect(chipsOf({ type: 'string', minLength: 1, maxLength: 2000 })).toEqual(['1 to 2,000 characters']);
  expect(chipsOf({ type: 'integer', minimum: 0, default: 0, 'x-renamed-from': 'hearts' })).toEqual([
    'renamed from hearts',
    'at least 0',
    'default 0',
  ]);
});

it('names where a relation leads and what a delete does there', () => {
  expect(chipsOf({ type: 'string', 'x-relation': { collection: 'rooms', onDelete: 'cascade' } })).toEqual(['rooms', 'on delete cascade']);
  expect(chipsOf({ type: 'array', items: { type: 'string', 'x-relation': { collection: 'tags' } } })).toEqual(['tags']);
});

it('says when only the text can edit it', () => {
  expect(chipsOf({ oneOf: [] })).toEqual(['only in JSON']);
});

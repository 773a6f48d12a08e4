import { expect, it } from 'vitest';
import type { JsonSchema } from '@plinth/client/admin';
import { rebase } from './rebase';

const base: JsonSchema = {
  type: 'object',
  title: 'Messages',
  required: ['body'],
  properties: { body: { type: 'string' }, likes: { type: 'integer' }, old: { type: 'string' } },
};

it('keeps what each side changed', () => {
  const draft = { ...base, properties: { ...base.properties, body: { type: 'string', maxLength: 9 }, mine: { type: 'boolean' } } };
  const theirs = { ...base, title: 'Chat', required: ['body', 'likes'], properties: { body: { type: 'string' }, likes: { type: 'integer' }, hers: {} } };
  const { schema, both } = rebase(base, draft, theirs);
  expect(schema.title).toBe('Chat');
  expect(schema.required).toEqual(['body', 'likes']);
  expect(schema.properties).toEqual({
    body: { type: 'string', maxLength: 9 },
    likes: { type: 'integer' },
    hers: {},
    mine: { type: 'boolean' },
  });
  expect(Object.keys(schema)).toEqual(['type', 'title', 'required', 'properties']);
  expect(both).toEqual([]);
});

it('takes the draft’s where both changed the same field, and names it', () => {
  const draft = { ...base, properties: { ...base.properties, likes: { type: 'number' } } };
  const theirs = { ...base, properties: { ...base.properties, likes: { type: 'string' } } };
  const { schema, both } = rebase(base, draft, theirs);
  expect(schema.properties?.likes).toEqual({ type: 'number' });
  expect(both).toEqual(['likes']);
});

it('lets a field go that they removed, with its being required', () => {
  const { body } = base.properties ?? {};
  const theirs = { ...base, required: [], properties: { ...(body && { body }) } };
  const { schema } = rebase(base, base, theirs);
  expect(Object.keys(schema.properties ?? {})).toEqual(['body']);
  expect(schema.required).toEqual([]);
});

import { expect, test } from 'vitest';
import { askedIn, curlOf, queryOf, questionOf, type Asked } from './question';

const asked: Asked = { subject: 'user:1', action: 'update', collection: 'messages', id: 'm1', body: '{"body": "it\'s"}' };

test('a question survives the address bar', () => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf(asked))) if (value !== null) query.set(name, value);
  expect(askedIn(query, ['messages', 'rooms'], null)).toEqual(asked);
});

test('what the address does not say follows the open cell', () => {
  const place = { subject: 'role:editor', action: 'delete', object: 'rooms' } as const;
  expect(askedIn(new URLSearchParams(), ['messages', 'rooms'], place)).toMatchObject({ subject: 'role:editor', action: 'delete', collection: 'rooms' });
  expect(askedIn(new URLSearchParams(), ['messages', 'rooms'], { ...place, action: '*', object: 'r*' })).toMatchObject({ action: 'update', collection: 'messages' });
});

test('another collection drops the record', () => {
  expect(queryOf({ collection: 'rooms' })).toEqual({ in: 'rooms', record: null });
});

test('only what the action takes is asked', () => {
  expect(questionOf(asked)).toEqual({ question: { subject: 'user:1', action: 'update', collection: 'messages', id: 'm1', data: { body: "it's" } } });
  expect(questionOf({ ...asked, action: 'create' })).toEqual({ question: { subject: 'user:1', action: 'create', collection: 'messages', data: { body: "it's" } } });
  expect(questionOf({ ...asked, action: 'read', id: '' })).toEqual({ question: { subject: 'user:1', action: 'read', collection: 'messages' } });
});

test('what is missing is said', () => {
  expect(questionOf({ ...asked, id: '' })).toHaveProperty('missing');
  expect(questionOf({ ...asked, body: '[1]' })).toHaveProperty('missing');
  expect(questionOf({ ...asked, body: '{' })).toHaveProperty('missing');
});

test('the line of curl quotes what a shell would take apart', () => {
  const told = questionOf(asked);
  if (!('question' in told)) throw new Error('no question');
  expect(curlOf('http://h', told.question)).toContain(String.raw`"body":"it'\''s"`);
});

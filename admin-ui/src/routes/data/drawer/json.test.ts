import { describe, expect, it } from 'vitest';
import { columnsOf } from '../columns';
import { jsonText, readJson } from './json';

const columns = columnsOf({
  schema: { properties: { body: { type: 'string' }, n: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } }, slug: { type: 'string', readOnly: true } } },
});
const record = { id: 'r', createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z', body: 'x', n: 9223372036854775807n, tags: [], slug: 's' };

describe('jsonText and readJson', () => {
  it('are each other’s way back, big integers too', () => {
    const text = jsonText(columns, record, { body: 'y' });
    expect(text).toContain('"n": 9223372036854775807');
    expect(readJson(text, columns, record)).toEqual({ raws: { body: 'y', n: '9223372036854775807', tags: [] } });
  });

  it('leave out of a new record what the server sets', () => {
    expect(JSON.parse(jsonText(columns, null, { body: 'y' }))).toEqual({ body: 'y', n: null, tags: null });
  });

  it('unset what is missing', () => {
    expect(readJson('{"body":"y"}', columns, record)).toEqual({ raws: { body: 'y', n: null, tags: null } });
  });

  it.each([
    ['{"body":', 'not JSON'],
    ['[]', 'an object'],
    ['{"bodi":"x"}', 'no field bodi'],
    ['{"id":"other"}', 'set by the server'],
    ['{"body":1}', 'body is a number, not a string'],
    ['{"tags":"a"}', 'tags is a string, not a list'],
  ])('refuse %s', (text, part) => {
    expect(readJson(text, columns, record).error).toContain(part);
  });
});

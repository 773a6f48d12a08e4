import { describe, expect, it } from 'vitest';
import { columnsOf, type Column } from '../columns';
import type { Row } from '../live/rows';
import { fit } from './fit';

const columns = columnsOf({
  schema: {
    type: 'object',
    properties: {
      rating: { type: 'string' },
      votes: { type: 'integer' },
      releasedAt: { type: 'string', format: 'date-time' },
      author: { type: 'string', 'x-relation': { collection: 'users', onDelete: 'restrict' } },
      aNameThatIsLongerThanAnyOfItsValues: { type: 'string' },
    },
  },
});
const column = (name: string) => columns.find((found) => found.name === name) as Column;
const measure = (text: string) => text.length * 7;
const rowsOf = (name: string, values: unknown[]) => values.map((value, at) => ({ id: String(at), [name]: value }) as Row);
const labels = new Map([['users', 'email']]);

describe('fit', () => {
  it('is as wide as what is held, between the least and the most of the kind', () => {
    expect(fit(column('rating'), rowsOf('rating', ['R', 'PG-13']), labels, measure)).toBe(112);
    expect(fit(column('rating'), rowsOf('rating', ['x'.repeat(25)]), labels, measure)).toBe(197);
    expect(fit(column('rating'), rowsOf('rating', ['x'.repeat(5000)]), labels, measure)).toBe(320);
  });

  it('is not widened by one long text among many, but by any number', () => {
    const words = Array.from({ length: 30 }, (_, at) => (at === 7 ? 'x'.repeat(70) : 'short'));
    expect(fit(column('rating'), rowsOf('rating', words), labels, measure)).toBe(112);
    const numbers = Array.from({ length: 30 }, (_, at) => (at === 7 ? 9223372036854775807n : 1));
    expect(fit(column('votes'), rowsOf('votes', numbers), labels, measure)).toBe(155);
  });

  it('shows the name of the column whole', () => {
    expect(fit(column('aNameThatIsLongerThanAnyOfItsValues'), [], labels, measure)).toBe(240);
    expect(fit(column('votes'), rowsOf('votes', [1]), labels, measure)).toBe(99);
  });

  it('gives the first text room as long as few rows tell how long it will be', () => {
    const first = { ...column('rating'), grows: true };
    expect(fit(first, [], labels, measure)).toBe(240);
    expect(fit(first, rowsOf('rating', ['R']), labels, measure)).toBe(240);
    expect(fit(first, rowsOf('rating', Array.from({ length: 10 }, () => 'R')), labels, measure)).toBe(112);
  });

  it('measures the label of a relation, and leaves other kinds alone', () => {
    const row = { id: '1', author: 'u', expand: { author: { id: 'u', email: 'maren@harbor.example' } } } as unknown as Row;
    expect(fit(column('author'), [row], labels, measure)).toBe(196);
    expect(fit(column('releasedAt'), rowsOf('releasedAt', ['2026-01-01T00:00:00Z']), labels, measure)).toBe(column('releasedAt').width);
  });
});

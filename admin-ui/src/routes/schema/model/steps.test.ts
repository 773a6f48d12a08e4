import { describe, expect, it } from 'vitest';
import type { PlanStep } from '@plinth/client/admin';
import { detailOf, effectOf, lookOf, lossOf, type Sides } from './steps';

const sides: Sides = {
  before: { properties: { body: { type: 'string', maxLength: 200 }, hearts: { type: 'integer' }, kind: { enum: ['a'] } } },
  after: {
    properties: {
      body: { type: 'string', maxLength: 100 },
      likes: { type: 'integer', 'x-renamed-from': 'hearts' },
      pinned: { type: 'boolean', default: false },
    },
  },
};
const step = (kind: PlanStep['step'], field: string | null, more: Partial<PlanStep> = {}): PlanStep => ({
  step: kind,
  field,
  destructive: false,
  rows: 12_408,
  detail: 'as the server says',
  sql: [],
  ...more,
});
const line = (one: PlanStep) => [lookOf(one, sides).title, detailOf(one, sides), effectOf(one).words];

describe('a step', () => {
  it('names both names of a rename, and that no row changes', () => {
    expect(line(step('renameField', 'likes'))).toEqual(['Rename hearts to likes', 'Data kept', 'No row changes']);
  });

  it('names the rules that differ and the rows that fail', () => {
    const failing = step('changeRules', 'body', { failures: { rows: 37, code: 'max_length', sample: [] } });
    expect(line(failing)).toEqual(['Change the rules of body', 'maxLength 200 → 100', '37 rows fail']);
    expect(effectOf(step('changeRules', 'body')).words).toBe('12,408 rows checked, all pass');
  });

  it('says what a new field holds in old rows', () => {
    expect(line(step('addField', 'pinned'))[1]).toBe('boolean, false in the rows there are');
  });

  it('counts what is lost', () => {
    const drop = step('dropField', 'kind', { destructive: true, rows: 3 });
    expect(lossOf([step('addField', 'pinned'), drop], sides)).toBe('Remove kind: choice, 3 rows lose their value');
  });

  it('of a newer server is shown as it says', () => {
    expect(line(step('reindex' as PlanStep['step'], null, { rows: 0 }))).toEqual(['reindex', 'as the server says', 'No row changes']);
  });
});

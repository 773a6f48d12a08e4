/** Steps of a plan in the panel's words. */
import type { JsonSchema, PlanStep, PlanStepKind } from '@plinth/client/admin';
import { kindOf, kinds } from '../../../catalog/kind';
import { counted } from '../../../ui/number';
import { same } from './changes';
import { RENAMED_FROM } from './fields';

interface StepLook {
  glyph: string;
  tone: 'allow' | 'cond' | 'accent' | 'deny' | 'plain';
  verb: string;
}

const looks: Record<PlanStepKind, StepLook> = {
  createCollection: { glyph: '+', tone: 'allow', verb: 'Create collection' },
  dropCollection: { glyph: '−', tone: 'deny', verb: 'Delete collection' },
  renameCollection: { glyph: '→', tone: 'accent', verb: 'Rename collection' },
  addField: { glyph: '+', tone: 'allow', verb: 'Add' },
  dropField: { glyph: '−', tone: 'deny', verb: 'Remove' },
  renameField: { glyph: '→', tone: 'accent', verb: 'Rename' },
  changeKind: { glyph: '~', tone: 'cond', verb: 'Change the kind of' },
  setRequired: { glyph: '~', tone: 'cond', verb: 'Require' },
  unsetRequired: { glyph: '~', tone: 'cond', verb: 'No longer require' },
  setDefault: { glyph: '~', tone: 'cond', verb: 'Set the default of' },
  setUnique: { glyph: '~', tone: 'cond', verb: 'Make unique:' },
  unsetUnique: { glyph: '~', tone: 'cond', verb: 'No longer unique:' },
  addIndex: { glyph: '#', tone: 'plain', verb: 'Add index' },
  dropIndex: { glyph: '#', tone: 'plain', verb: 'Drop index' },
  changeRules: { glyph: '~', tone: 'cond', verb: 'Change the rules of' },
  changeRelation: { glyph: '~', tone: 'cond', verb: 'Change the relation' },
};

/** Steps that touch the definition only, however many rows there are. */
const still: PlanStepKind[] = ['renameField', 'renameCollection', 'unsetRequired', 'unsetUnique', 'setDefault', 'dropIndex', 'addField'];

/** Steps that look at rows without changing them. */
const checks: PlanStepKind[] = ['setRequired', 'setUnique', 'changeRules', 'changeRelation', 'addIndex'];

/** What the plan is about: the definition before and after. */
export interface Sides {
  before: JsonSchema | null;
  after: JsonSchema;
}

/** Glyph, hue and title; a step of a newer server is shown by its own name. */
export function lookOf({ step, field }: PlanStep, { after }: Sides): StepLook & { title: string } {
  const look = looks[step] ?? { glyph: '~', tone: 'plain', verb: step };
  const from = step === 'renameField' && field ? after.properties?.[field]?.[RENAMED_FROM] : undefined;
  if (typeof from === 'string') return { ...look, title: `Rename ${from} to ${field}` };
  return { ...look, title: field && !step.endsWith('Index') ? `${look.verb} ${field}` : look.verb };
}

/** What stands behind the title: the server's words, or better ones where both sides are at hand. */
export function detailOf({ step, field, detail }: PlanStep, { before, after }: Sides): string {
  const next = field === null ? undefined : after.properties?.[field];
  const from = next?.[RENAMED_FROM];
  const last = field === null ? undefined : before?.properties?.[typeof from === 'string' ? from : field];
  switch (step) {
    case 'renameField':
      return 'Data kept';
    case 'addField':
      return next ? `${word(next)}, ${next.default === undefined ? 'empty' : JSON.stringify(next.default)} in the rows there are` : detail;
    case 'dropField':
      return last ? word(last) : detail;
    case 'changeKind':
      return last && next ? `${word(last)} becomes ${word(next)}` : detail;
    case 'setRequired':
      return 'Every record needs a value';
    case 'unsetRequired':
      return 'May be empty from now on';
    case 'changeRules':
    case 'setDefault':
      return (last && next && differences(last, next)) || detail;
    case 'createCollection':
      return counted(Object.keys(after.properties ?? {}).length, 'field');
    default:
      return detail;
  }
}

function word(field: JsonSchema): string {
  const kind = kindOf(field);
  return kind ? kinds[kind].word : 'value';
}

/** "maxLength none → 100, pattern none → ^a": the keywords that differ. */
function differences(last: JsonSchema, next: JsonSchema): string {
  const say = (value: unknown) => (value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value));
  return [...new Set([...Object.keys(last), ...Object.keys(next)])]
    .filter((keyword) => keyword !== RENAMED_FROM && !same(last[keyword], next[keyword]))
    .map((keyword) => `${keyword} ${say(last[keyword])} → ${say(next[keyword])}`)
    .join(', ');
}

/** What a step does to rows that are there. */
export function effectOf(step: PlanStep): { words: string; tone: 'allow' | 'deny' | 'cond' } {
  if (step.failures) return { words: `${counted(step.failures.rows, 'row fails', 'rows fail')}`, tone: 'deny' };
  if (step.destructive) {
    return { words: step.rows > 0 ? `${counted(step.rows, 'row loses its value', 'rows lose their value')}` : 'No row holds a value', tone: 'cond' };
  }
  if (step.rows === 0 || still.includes(step.step)) return { words: 'No row changes', tone: 'allow' };
  const rows = counted(step.rows, 'row');
  return { words: checks.includes(step.step) ? `${rows} checked, all pass` : `${rows} change`, tone: 'allow' };
}

/** The keyword of the schema that rows fail, from the code that they fail with: `max_length` is `maxLength`. */
export function keywordOf(code: string): string {
  return code.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** "37 rows fail" over all steps; null when nothing fails. */
export function failingRows(steps: readonly PlanStep[]): number | null {
  const failing = steps.filter((step) => step.failures);
  return failing.length > 0 ? Math.max(...failing.map((step) => step.failures?.rows ?? 0)) : null;
}

/** What goes with the destructive steps, for the dialog. */
export function lossOf(steps: readonly PlanStep[], sides: Sides): string {
  return steps
    .filter((step) => step.destructive)
    .map((step) => `${lookOf(step, sides).title}: ${detailOf(step, sides)}, ${lower(effectOf(step).words)}`)
    .join('. ');
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A value of a failing row, short enough for a line. */
export function sampleText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

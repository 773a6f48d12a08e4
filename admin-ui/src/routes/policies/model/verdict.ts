/** The server's explanation in words and rows. */
import type { ConditionPart, Explanation, RuleVerdict } from '@plinth/client/admin';
import { clockOrDay, longLocal } from '../../../ui/time';
import { placedParts } from './condition';
import { roleIn } from './place';

/** A part of a condition with its text as it was written. */
export interface ToldPart {
  text: string;
  held: ConditionPart['held'];
  operands: ConditionPart['operands'];
}

/** The parts of a rule's condition; the server names them by their order and rewrites constants in them. */
export function partsIn({ rule, condition }: RuleVerdict): ToldPart[] {
  const told = condition?.parts ?? [];
  const written = placedParts(rule.condition);
  return told.map((part, index) => ({ text: written.length === told.length ? (written[index]?.text ?? part.expression) : part.expression, held: part.held, operands: part.operands }));
}

/** What a rule came to, in a few words, and whether that is what stands in the way. */
export function outcomeOf({ rule, verdict }: RuleVerdict): { words: string; tone: 'good' | 'bad' | 'quiet' } {
  if (verdict === 'allows') return { words: 'allows', tone: 'good' };
  if (verdict === 'denies') return { words: rule.fields === '' ? 'denies' : 'denies its fields', tone: 'bad' };
  if (verdict === 'error') return { words: 'condition ends in an error', tone: 'bad' };
  if (verdict === 'notApplicable') return { words: 'does not apply', tone: 'quiet' };
  return rule.effect === 'deny' ? { words: 'deny does not hold', tone: 'quiet' } : { words: 'condition is false', tone: 'bad' };
}

/** The rule whose parts are told at once: the one that denies, else the nearest, else the first that allows. */
export function telling(answer: Explanation): RuleVerdict | null {
  const { rules, nearest, allowed } = answer;
  if (allowed) return rules.find(({ verdict }) => verdict === 'allows') ?? null;
  const denying = rules.find(({ verdict, rule }) => verdict === 'denies' && rule.fields === '');
  return denying ?? rules.find(({ rule }) => rule.id === nearest) ?? null;
}

/** What the caller would see: the status and its code. */
export function codeOf({ allowed, status }: Explanation): string {
  if (allowed) return '';
  return status === 404 ? '404 not_found' : `${status} policy_denied`;
}

/** Roles of the subject that no rule in the answer came from. */
export function silentRoles({ roles, rules }: Explanation): string[] {
  const heard = new Set(rules.map(({ via }) => via));
  return roles.filter((role) => !heard.has(role)).map((role) => roleIn(role) ?? role);
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** The clock for today, else the whole of it: two moments of one comparison have to be told apart. */
function momentText(at: string, now: Date): string {
  return new Date(at).toDateString() === now.toDateString() ? clockOrDay(at, now) : longLocal(at);
}

/** A value as it is compared: ids by their end, times in the person's zone, texts in quotes. */
export function shownValue(value: unknown, now = new Date()): string {
  if (typeof value === 'string' && /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(value)) return `…${value.slice(-6)}`;
  if (typeof value === 'string' && MOMENT.test(value)) return momentText(value, now);
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'not there' : text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

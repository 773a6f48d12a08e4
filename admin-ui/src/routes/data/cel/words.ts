/** A condition in words, as its chip says it: "room.name is launch", "not (kind is system and likes is 0)". */
import { momentText } from '../values/moment';
import { partsOf } from './chain';
import { conditionOf, type Condition, type Operator } from './condition';
import { unquoted } from './literal';

/** One stretch of a chip; the value is what stands out. */
interface Word {
  text: string;
  role: 'path' | 'verb' | 'value' | 'code';
}

const verbs: Record<Operator, string> = {
  is: 'is',
  isNot: 'is not',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  contains: 'contains',
  startsWith: 'starts with',
  endsWith: 'ends with',
  matches: 'matches',
  oneOf: 'is one of',
  has: 'has',
  empty: 'is empty',
  notEmpty: 'is not empty',
  inLast: 'in the last',
};

const LONGEST = 40;

/** The verb of an operator; times come before and after rather than under and over. */
export function verbOf(operator: Operator, time = false): string {
  const times: Partial<Record<Operator, string>> = { gt: 'after', gte: 'from', lt: 'before', lte: 'until' };
  return (time ? times[operator] : undefined) ?? verbs[operator];
}

/** Whether a chip is a group: brackets round more than the builder edits. */
export function isGroup(source: string): boolean {
  return inside(source) !== null;
}

/** A condition in words; what the builder does not know stays code. */
export function wordsOf(source: string): Word[] {
  const condition = conditionOf(source);
  if (condition) return conditionWords(condition);
  const group = inside(source);
  if (group === null) return [{ text: clipped(source), role: 'code' }];
  const joint = partsOf(group.text, '||').length > 1 ? '||' : '&&';
  const words = partsOf(group.text, joint).flatMap((part, index) => [
    ...(index > 0 ? [{ text: joint === '||' ? 'or' : 'and', role: 'verb' } as const] : []),
    ...wordsOf(part.text),
  ]);
  return group.not ? [{ text: 'not', role: 'verb' }, ...words] : words;
}

/** The words as one line, for readers. */
export function sentence(source: string): string {
  return wordsOf(source)
    .map(({ text }) => text)
    .join(' ');
}

function conditionWords({ path, operator, value }: Condition): Word[] {
  const time = value.startsWith('timestamp(');
  const words: Word[] = [
    { text: path, role: 'path' },
    { text: verbOf(operator, time), role: 'verb' },
  ];
  return value === '' ? words : [...words, { text: clipped(valueWord(operator, value)), role: 'value' }];
}

function valueWord(operator: Operator, value: string): string {
  if (operator === 'inLast') return durationWord(unquoted(value) ?? value);
  if (value === 'null') return 'NULL';
  if (value.startsWith('[')) return listOf(value).map((item) => unquoted(item) ?? item).join(', ');
  if (value.startsWith('timestamp(')) return momentText(unquoted(value.slice('timestamp('.length, -1).trim()) ?? value);
  const text = unquoted(value);
  return text === '' ? '""' : (text ?? value);
}

/** The literals of `["a", "b"]`. */
export function listOf(value: string): string[] {
  return value.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,[\]]+/g) ?? [];
}

/** "24h" as "24 h", "168h" as "7 days". */
export function durationWord(text: string): string {
  const hours = /^(\d+)h$/.exec(text)?.[1];
  if (hours !== undefined && Number(hours) >= 48 && Number(hours) % 24 === 0) return `${Number(hours) / 24} days`;
  return text.replace(/(\d)(h|m|s)/g, (_, digit: string, unit: string) => `${digit} ${unit === 'm' ? 'min' : unit} `).trim();
}

/** What stands in the brackets that enclose the whole. */
function inside(source: string): { not: boolean; text: string } | null {
  const match = /^(!?)\s*\(([\s\S]*)\)$/.exec(source.trim());
  const text = match?.[2];
  if (!match || text === undefined || text.trim() === '') return null;
  // `(a) && (b)` starts and ends with brackets that are not each other's.
  let depth = 0;
  for (const sign of text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')) {
    if (sign === '(') depth++;
    if (sign === ')' && --depth < 0) return null;
  }
  return depth === 0 ? { not: match[1] === '!', text } : null;
}

function clipped(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

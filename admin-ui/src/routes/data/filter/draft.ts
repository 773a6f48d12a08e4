/** A condition while it is being built in the form: a field, a verb, and what was typed for the value. */
import type { Column } from '../columns';
import { celOf, conditionOf, type Operator } from '../cel/condition';
import { literalOf, quoted, unquoted } from '../cel/literal';
import { listOf, verbOf } from '../cel/words';
import type { Labels } from '../live/relations';
import { localText, valueOf, type Kinded } from '../values/raw';

/** A verb of the form; NULL has verbs of its own there. */
export type Verb = Operator | 'isNull' | 'notNull';

/** Something that can be compared: a field, or the label behind a relation. */
export interface Subject extends Kinded {
  path: string;
  target: string | undefined;
  nullable: boolean;
}

export interface Draft {
  path: string;
  verb: Verb;
  /** As typed; times in the form of `datetime-local`, durations as hours. */
  value: string;
  /** The choices of `oneOf`. */
  values: string[];
}

const verbsOfKind: Record<Column['kind'], Verb[]> = {
  id: ['is', 'isNot'],
  text: ['is', 'isNot', 'contains', 'startsWith', 'endsWith', 'matches'],
  integer: ['is', 'isNot', 'gt', 'gte', 'lt', 'lte'],
  number: ['gt', 'gte', 'lt', 'lte', 'is', 'isNot'],
  boolean: ['is'],
  dateTime: ['inLast', 'gt', 'lt', 'gte', 'lte'],
  choice: ['is', 'isNot', 'oneOf'],
  object: [],
  list: ['has', 'empty', 'notEmpty'],
  relation: ['is', 'isNot'],
  relations: ['has', 'empty', 'notEmpty'],
};

/** What a form can ask about: each column, and for a relation the label of its record. */
export function subjectsOf(columns: readonly Column[], labels: Labels): Subject[] {
  return columns.flatMap(({ name, kind, schema, target, required }) => {
    const own: Subject = { path: name, kind, schema, target, nullable: !required };
    const label = kind === 'relation' ? labels.get(target ?? '') : null;
    return label ? [own, { path: `${name}.${label}`, kind: 'text' as const, schema: { type: 'string' }, target: undefined, nullable: true }] : [own];
  });
}

/** The verbs of a subject, the likeliest first. */
export function verbsOf(subject: Subject): Verb[] {
  return [...verbsOfKind[subject.kind], ...(subject.nullable ? (['isNull', 'notNull'] as const) : [])];
}

/** A verb as the form says it. */
export function verbWord(verb: Verb, subject: Subject): string {
  if (verb === 'isNull') return 'is NULL';
  if (verb === 'notNull') return 'is not NULL';
  return verbOf(verb, subject.kind === 'dateTime');
}

/** Whether the verb takes no value. */
export function isBare(verb: Verb): boolean {
  return verb === 'isNull' || verb === 'notNull' || verb === 'empty' || verb === 'notEmpty';
}

/** An empty draft for a subject. */
export function draftFor(subject: Subject): Draft {
  const verb = verbsOf(subject)[0] ?? 'isNull';
  const [first] = (subject.schema.enum ?? []).filter((item) => item !== null).map(String);
  return { path: subject.path, verb, value: verb === 'inLast' ? '24' : subject.kind === 'boolean' ? 'true' : (first ?? ''), values: [] };
}

/** The draft of a condition that stands in the line, or null where the form can't show it. */
export function draftOf(source: string, subjects: readonly Subject[]): Draft | null {
  const condition = conditionOf(source);
  const subject = subjects.find(({ path }) => path === condition?.path);
  if (!condition || !subject) return null;
  const { path, operator, value } = condition;
  if (value === 'null') return { path, verb: operator === 'isNot' ? 'notNull' : 'isNull', value: '', values: [] };
  if (!verbsOf(subject).includes(operator)) return null;
  if (operator === 'oneOf') return { path, verb: operator, value: '', values: listOf(value).map((item) => unquoted(item) ?? item) };
  if (operator === 'inLast') {
    const hours = /^(\d+)h$/.exec(unquoted(value) ?? '')?.[1];
    return hours === undefined ? null : { path, verb: operator, value: hours, values: [] };
  }
  const text = value.startsWith('timestamp(') ? localText(unquoted(value.slice('timestamp('.length, -1)) ?? '') : (unquoted(value) ?? value);
  return { path, verb: operator, value: text, values: [] };
}

/** The draft as CEL, or what is missing. */
export function celFor(draft: Draft, subject: Subject): { cel: string; error?: undefined } | { error: string } {
  const { path, verb, value } = draft;
  if (verb === 'isNull' || verb === 'notNull') return { cel: celOf({ path, operator: verb === 'isNull' ? 'is' : 'isNot', value: 'null' }) };
  if (isBare(verb)) return { cel: celOf({ path, operator: verb, value: '' }) };
  if (verb === 'oneOf') {
    if (draft.values.length === 0) return { error: 'Choose at least one.' };
    return { cel: celOf({ path, operator: verb, value: `[${draft.values.map(quoted).join(', ')}]` }) };
  }
  if (verb === 'inLast') {
    return /^\d+$/.test(value) && Number(value) > 0 ? { cel: celOf({ path, operator: verb, value: quoted(`${Number(value)}h`) }) } : { error: 'A whole number of hours is needed.' };
  }
  const field: Kinded = verb === 'has' ? itemField(subject) : subject;
  const outcome = valueOf(field, value);
  if (outcome.error !== undefined) return { error: outcome.error };
  const literal = literalOf(field.kind, outcome.value);
  return literal === null ? { error: `${path} can only be compared in the line above.` } : { cel: celOf({ path, operator: verb, value: literal }) };
}

function itemField({ kind, schema }: Subject): Kinded {
  if (kind === 'relations') return { kind: 'relation', schema: {} };
  const type = schema.items?.type;
  return { kind: type === 'integer' || type === 'number' ? type : 'text', schema: schema.items ?? {} };
}

/**
 * The rules of a place while they are being edited, and the steps that make the server's rules be so. A cell mostly
 * has one rule, so one that stands at "No rule" is offered where there is none.
 */
import type { Rule, RuleInput } from '@plinth/client/admin';
import type { Ruling } from '../../../ui/Verdict.svelte';
import { keyOf, standsAt, type Place } from './place';

export interface Draft {
  /** The stored rule's id, or one of this page for a rule that is not stored yet. */
  key: string;
  /** Null for a new rule. */
  id: string | null;
  /** `none` for a rule that goes, or does not come. */
  ruling: Ruling;
  /** Kept while the ruling is `allow`, so that going back to `if` finds it. */
  condition: string;
  /** Null for all fields. */
  fields: readonly string[] | null;
}

/** One request, and what it changes. */
export type Step =
  | { type: 'create'; key: string; rule: RuleInput }
  | { type: 'update'; key: string; rule: RuleInput; before: Rule }
  | { type: 'delete'; key: string; before: Rule };

/** The stored rules at a place as drafts; one at "No rule" where there are none. */
export function draftsAt(place: Place, rules: readonly Rule[]): Draft[] {
  const stored = rules.filter((rule) => standsAt(rule, place)).map(draftOf);
  return stored.length > 0 ? stored : [blank(newKey(place, 0))];
}

/** The key of a place's nth new rule. */
export function newKey(place: Place, nth: number): string {
  return `new ${keyOf(place)} ${nth}`;
}

/** A rule that is not there yet. */
export function blank(key: string): Draft {
  return { key, id: null, ruling: 'none', condition: '', fields: null };
}

function draftOf(rule: Rule): Draft {
  const { id, effect, condition, fields } = rule;
  const ruling = effect === 'deny' ? 'deny' : condition.trim() === '' ? 'allow' : 'if';
  return { key: id, id, ruling, condition, fields: namesIn(fields) };
}

/** `a, b` as names; null for all. */
function namesIn(fields: string): string[] | null {
  const names = fields.split(',').map((name) => name.trim()).filter(Boolean);
  return names.length > 0 ? names : null;
}

/** Stands for a condition that is not written yet, so that its rule is shown as one. It is never sent, see `faultIn`. */
const UNWRITTEN = '…';

/** The rule that a draft would be; null for none. */
export function ruleOf(place: Place, draft: Draft): RuleInput | null {
  if (draft.ruling === 'none') return null;
  const written = draft.condition.trim();
  const condition = draft.ruling === 'allow' ? '' : draft.ruling === 'if' ? written || UNWRITTEN : written;
  return { ...place, effect: draft.ruling === 'deny' ? 'deny' : 'allow', condition, fields: (draft.fields ?? []).join(',') };
}

/** What is wrong with a draft before the server is asked, or null. */
export function faultIn(draft: Draft): { member: 'condition' | 'fields'; message: string } | null {
  if (draft.ruling === 'none') return null;
  if (draft.ruling === 'if' && draft.condition.trim() === '') {
    return { member: 'condition', message: 'Write the condition, or choose Allow for every record.' };
  }
  if (draft.fields?.length === 0) return { member: 'fields', message: 'Choose at least one field, or No rule.' };
  return null;
}

/** The steps from the stored rules to the drafts; deletions last, so that nobody is locked out in between. */
export function stepsFor(place: Place, drafts: readonly Draft[], rules: readonly Rule[]): Step[] {
  const steps = drafts.flatMap((draft): Step[] => {
    const before = rules.find((rule) => rule.id === draft.id);
    const rule = ruleOf(place, draft);
    if (!rule) return before ? [{ type: 'delete', key: draft.key, before }] : [];
    if (!before) return [{ type: 'create', key: draft.key, rule }];
    return sameRule(rule, before) ? [] : [{ type: 'update', key: draft.key, rule, before }];
  });
  return [...steps.filter(({ type }) => type !== 'delete'), ...steps.filter(({ type }) => type === 'delete')];
}

/** The rules as they would be with these steps done; a new rule goes by its draft's key. */
export function withSteps(rules: readonly Rule[], steps: readonly Step[]): Rule[] {
  const after = rules.flatMap((rule): Rule[] => {
    const step = steps.find((other) => other.type !== 'create' && other.before.id === rule.id);
    if (!step) return [rule];
    return step.type === 'update' ? [{ ...step.rule, id: rule.id }] : [];
  });
  return [...after, ...steps.flatMap((step) => (step.type === 'create' ? [{ ...step.rule, id: step.key }] : []))];
}

/** Whether a step lets the public at something it was not let at before. */
export function opensToPublic(step: Step): boolean {
  if (step.type === 'delete') {
    return step.before.subject === 'role:public' && step.before.effect === 'deny';
  }
  return step.rule.subject === 'role:public' && step.rule.effect === 'allow';
}

function sameRule(a: RuleInput, b: RuleInput): boolean {
  return a.effect === b.effect && a.condition === b.condition.trim() && a.fields === (namesIn(b.fields) ?? []).join(',');
}

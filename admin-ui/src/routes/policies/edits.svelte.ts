/** The unsaved rules of the page, over all cells: what the matrix previews, what Save sends, what Undo takes back. */
import type { Rule, RuleInput } from '@plinth/client/admin';
import { invalidate } from '../../query/query.svelte';
import { admin } from '../../session/client';
import { problemOf } from '../../session/problem';
import { confirm } from '../../ui/float/confirm.svelte';
import { toasts } from '../../ui/float/toasts.svelte';
import { counted } from '../../ui/number';
import { faultFrom, type Fault } from './model/condition';
import { blank, draftsAt, faultIn, newKey, opensToPublic, stepsFor, withSteps, type Draft, type Step } from './model/draft';
import { keyOf, placeOf, roleIn, type Place } from './model/place';

/** What is wrong with a draft, and where. */
export interface Refusal extends Fault {
  member: string;
}

export class Edits {
  #cells = $state.raw<Readonly<Record<string, readonly Draft[]>>>({});
  #refusals = $state.raw<Readonly<Record<string, Refusal>>>({});
  saving = $state(false);
  /** Save was tried: what is missing is said. */
  tried = $state(false);

  readonly #stored: () => readonly Rule[];

  readonly steps: readonly Step[] = $derived.by(() =>
    Object.entries(this.#cells).flatMap(([key, drafts]) => {
      const place = placeOf(key);
      return place ? stepsFor(place, drafts, this.#stored()) : [];
    }),
  );
  /** The rules as they will be. */
  readonly rules: readonly Rule[] = $derived.by(() => withSteps(this.#stored(), this.steps));
  /** Ids and keys of the rules that are not saved. */
  readonly unsaved: readonly string[] = $derived.by(() => this.steps.map(({ key }) => key));
  /** Places with unsaved rules. */
  readonly places: readonly string[] = $derived.by(() => this.steps.map((step) => keyOf(step.type === 'delete' ? step.before : step.rule)));

  constructor(stored: () => readonly Rule[]) {
    this.#stored = stored;
  }

  /** The drafts of a place. */
  at(place: Place): readonly Draft[] {
    return this.#cells[keyOf(place)] ?? draftsAt(place, this.#stored());
  }

  /** What is wrong with a draft: what the server said, and after Save was tried what it would say. */
  refusal(draft: Draft): Refusal | null {
    const said = this.#refusals[draft.key];
    if (said) return said;
    const fault = this.tried && this.unsaved.includes(draft.key) ? faultIn(draft) : null;
    return fault && { ...fault, at: null, line: null };
  }

  set(place: Place, draft: Draft): void {
    this.#put(place, this.at(place).map((other) => (other.key === draft.key ? draft : other)));
    this.#refusals = without(this.#refusals, draft.key);
  }

  /** One more rule at a place. */
  add(place: Place): void {
    const drafts = this.at(place);
    let nth = 0;
    while (drafts.some(({ key }) => key === newKey(place, nth))) nth++;
    this.#put(place, [...drafts, { ...blank(newKey(place, nth)), ruling: 'if' }]);
  }

  discard(): void {
    this.#cells = {};
    this.#refusals = {};
    this.tried = false;
  }

  /** Whether the unsaved rules may go; asks where there are any. */
  async mayDiscard(): Promise<boolean> {
    if (this.steps.length === 0) return true;
    const what = counted(this.steps.length, 'unsaved rule');
    const go = await confirm({ title: `Discard ${what}?`, text: 'The rules stay as they are on the server.', verb: `Discard ${what}`, keep: 'Keep editing', danger: true });
    if (go) this.discard();
    return go;
  }

  /** Sends the steps one after the other. What the server refuses stays, with its words beside it. */
  async save(): Promise<void> {
    this.tried = true;
    if (this.saving || this.steps.length === 0 || this.#wrong() || !(await this.#mayOpen())) return;
    this.saving = true;
    const done: (() => Promise<unknown>)[] = [];
    const saved: Record<string, string | null> = {};
    const steps = this.steps;
    for (const step of steps) {
      try {
        const { id, undo } = await run(step);
        done.unshift(undo);
        saved[step.key] = id;
      } catch (error) {
        this.#refused(step, error);
      }
    }
    await rulesChanged();
    if (done.length === steps.length) this.discard();
    else this.#settle(saved);
    this.saving = false;
    if (done.length > 0) toasts.say(`${counted(done.length, 'rule')} saved`, () => takeBack(done));
  }

  #wrong(): boolean {
    return Object.values(this.#cells).some((drafts) => drafts.some((draft) => this.unsaved.includes(draft.key) && faultIn(draft) !== null));
  }

  /** What opens something to everybody is typed. */
  async #mayOpen(): Promise<boolean> {
    const opening = this.steps.filter(opensToPublic);
    if (opening.length === 0) return true;
    const named = opening.map((step) => (step.type === 'delete' ? step.before : step.rule).object);
    const objects = named.filter((object, index) => named.indexOf(object) === index);
    return confirm({
      title: `Open ${objects.join(', ')} to the public?`,
      text: 'Everybody who can reach this server gets what these rules allow, also without an account.',
      verb: 'Open to the public',
      keep: 'Keep it closed',
      danger: true,
      typed: 'public',
    });
  }

  #refused(step: Step, error: unknown): void {
    const problem = problemOf(error);
    const place = problem.errors[0];
    if (!place || step.type === 'delete') {
      toasts.fail(`Rule of ${whose(step)} was not saved`, error);
      return;
    }
    const refusal = { ...faultFrom(place.message, step.rule.condition), member: place.pointer.slice(1) };
    this.#refusals = { ...this.#refusals, [step.key]: refusal };
  }

  /** What was saved is no draft any more; what was refused stays one. */
  #settle(saved: Readonly<Record<string, string | null>>): void {
    const stored = (draft: Draft): Draft[] => {
      const id = saved[draft.key];
      if (id === undefined) return [draft];
      return id === null ? [] : [{ ...draft, key: id, id }];
    };
    this.#cells = Object.fromEntries(Object.entries(this.#cells).map(([key, drafts]) => [key, drafts.flatMap(stored)]));
  }

  #put(place: Place, drafts: readonly Draft[]): void {
    const cells = { ...this.#cells, [keyOf(place)]: drafts };
    // A cell that is as it was holds nothing.
    const same = stepsFor(place, drafts, this.#stored()).length === 0 && drafts.every(({ id, ruling }) => id !== null || ruling === 'none');
    this.#cells = same && drafts.length <= draftsAt(place, this.#stored()).length ? without(cells, keyOf(place)) : cells;
  }
}

/** After rules or roles changed. */
export async function rulesChanged(): Promise<void> {
  await Promise.all([invalidate('policies'), invalidate('roles')]);
}

/** A step that was done: the rule's id, null where it is gone, and the way back. */
interface Done {
  id: string | null;
  undo: () => Promise<unknown>;
}

async function run(step: Step): Promise<Done> {
  if (step.type === 'create') {
    const { id } = await admin.policies.create(step.rule);
    return { id, undo: () => admin.policies.delete(id) };
  }
  const { before } = step;
  if (step.type === 'delete') {
    await admin.policies.delete(before.id);
    return { id: null, undo: () => admin.policies.create(inputOf(before)) };
  }
  await admin.policies.update(before.id, step.rule);
  return { id: before.id, undo: () => admin.policies.update(before.id, inputOf(before)) };
}

async function takeBack(done: readonly (() => Promise<unknown>)[]): Promise<void> {
  try {
    for (const undo of done) await undo();
  } finally {
    await rulesChanged();
  }
}

function inputOf({ subject, object, action, condition, fields, effect }: Rule): RuleInput {
  return { subject, object, action, condition, fields, effect };
}

function whose(step: Step): string {
  const { subject, object } = step.type === 'delete' ? step.before : step.rule;
  return `${roleIn(subject) ?? 'an account'} on ${object}`;
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

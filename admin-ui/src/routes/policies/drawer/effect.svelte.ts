/** Whom and what an allow rule would reach: accounts with the role, and records that its condition lets through. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { covers } from '../../../catalog/exposure';
import { client } from '../../../session/client';
import { problemOf } from '../../../session/problem';
import { count } from '../../../ui/number';
import { faultFrom, ofStored, speaksOf } from '../model/condition';
import type { Draft } from '../model/draft';
import { hasData } from '../model/names';
import { roleIn, type Place } from '../model/place';
import type { RoleInfo } from '../roles/book';

const WAIT_MS = 400;

/** Figures of the drafts of a place, counted a moment after the last change. */
export class EffectOf {
  accounts = $state('…');
  records = $state('…');
  /** What the server said of the condition while it was counted. */
  fault = $state<string | null>(null);

  /** To be called in an effect; the answer drops the count. */
  follow(place: Place, draft: Draft, definitions: readonly CollectionDefinition[], roles: readonly RoleInfo[]): () => void {
    const abort = new AbortController();
    const timer = setTimeout(() => void this.#count(place, draft, definitions, roles, abort.signal), WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }

  async #count(place: Place, draft: Draft, definitions: readonly CollectionDefinition[], roles: readonly RoleInfo[], signal: AbortSignal): Promise<void> {
    const [accounts, records] = await Promise.allSettled([accountsWith(place.subject, roles, signal), recordsUnder(place, draft, definitions, signal)]);
    if (signal.aborted) return;
    this.accounts = accounts.status === 'fulfilled' ? accounts.value : '–';
    this.records = records.status === 'fulfilled' ? records.value : '–';
    const problem = records.status === 'rejected' ? problemOf(records.reason) : null;
    this.fault = problem && isOfFilter(problem.code) ? faultFrom(problem.detail || problem.title, draft.condition).message : null;
  }
}

/** How many accounts a subject means. Those who inherit the role are counted with it. */
async function accountsWith(subject: string, roles: readonly RoleInfo[], signal: AbortSignal): Promise<string> {
  const role = roleIn(subject);
  if (role === null) return '1';
  if (role === 'public') return 'Everybody';
  if (role === 'user') return count((await client.collection('users').list({ limit: 1, select: ['id'], count: 'exact', signal })).total ?? 0);
  const heirs = roles.filter(({ lineage }) => lineage.includes(role));
  const sum = heirs.reduce((total, { accounts }) => total + (accounts ?? 0), 0);
  return heirs.length > 1 ? `up to ${count(sum)}` : count(sum);
}

async function recordsUnder({ action, object }: Place, { ruling, condition }: Draft, definitions: readonly CollectionDefinition[], signal: AbortSignal): Promise<string> {
  const covered = definitions.filter(({ name }) => covers(object, name));
  if (ruling === 'none') return '0';
  if (ruling === 'if' && condition.trim() === '') return '–';
  if (action === 'create' && ruling === 'allow') return 'any new';
  const source = ruling === 'allow' ? '' : condition.trim();
  const byData = action === 'create' || (hasData(action) && speaksOf(source, 'data'));
  const own = speaksOf(source, 'auth');
  let sum = 0;
  for (const definition of covered) {
    // Asked also where the answer counts nothing, since the server then reads the condition and says what is wrong in it.
    const filter = byData ? ofStored(source) : source;
    try {
      const page = await client.collection(definition.name).list({ limit: 1, select: ['id'], signal, ...(!byData && { count: 'exact' }), ...(filter && { filter }) });
      sum += page.total ?? 0;
    } catch (error) {
      if (!isUnshown(error, definition)) throw error;
      if (!byData) return '–';
    }
  }
  if (byData) return 'by data';
  return own ? 'by account' : count(sum);
}

const isOfFilter = (code: string): boolean => code === 'invalid_filter' || code === 'unknown_field';

/** Whether the fault is only that a list is never asked for what it doesn't show; a rule may speak of it. */
function isUnshown(error: unknown, { schema }: CollectionDefinition): boolean {
  const problem = problemOf(error);
  const field = /there is no field "(\w+)"/.exec(problem.detail)?.[1];
  return isOfFilter(problem.code) && field !== undefined && schema.properties?.[field]?.writeOnly === true;
}

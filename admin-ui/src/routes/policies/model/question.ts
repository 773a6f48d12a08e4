/** The simulator's question, as the address bar holds it, as the server takes it, and as a line of curl. */
import type { Question } from '@plinth/client/admin';
import { actions, type CellAction, type Place } from './place';

export interface Asked {
  /** `user:ID`, `role:NAME` or `anonymous`. */
  subject: string;
  action: CellAction;
  collection: string;
  /** The record's id; empty for none. */
  id: string;
  /** The body, as it was typed. */
  body: string;
}

/** The question in the address bar; what it does not say follows the open cell. */
export function askedIn(query: URLSearchParams, collections: readonly string[], open: Place | null): Asked {
  const action = actions.find((other) => other === (query.get('do') ?? open?.action)) ?? 'update';
  const near = open && collections.includes(open.object) ? open.object : collections[0];
  return {
    subject: query.get('as') ?? (open && open.subject !== 'role:public' ? open.subject : 'anonymous'),
    action,
    collection: query.get('in') ?? near ?? '',
    id: query.get('record') ?? '',
    body: query.get('with') ?? '',
  };
}

/** What changes in the address bar. A record belongs to its collection, so another collection drops it. */
export function queryOf(change: Partial<Asked>): Record<string, string | null> {
  const names = { subject: 'as', action: 'do', collection: 'in', id: 'record', body: 'with' } as const;
  const members = Object.entries(change).map(([name, value]) => [names[name as keyof Asked], value || null] as const);
  return { ...(change.collection !== undefined && { record: null }), ...Object.fromEntries(members) };
}

/** Whether an action is about a record that is stored. */
export function needsRecord(action: CellAction): boolean {
  return action !== 'create';
}

/** Whether an action brings a body. */
export function takesBody(action: CellAction): boolean {
  return action === 'create' || action === 'update';
}

/** The question for the server, or what is missing. */
export function questionOf({ subject, action, collection, id, body }: Asked): { question: Question } | { missing: string } {
  if (collection === '') return { missing: 'Choose a collection.' };
  if (action === 'update' && id === '') return { missing: 'Choose the record that would be updated.' };
  if (action === 'delete' && id === '') return { missing: 'Choose the record that would be deleted.' };
  const question: Question = { subject, collection, action, ...(needsRecord(action) && id && { id }) };
  if (!takesBody(action)) return { question };
  const data = objectIn(body);
  return data === null ? { missing: 'The body is no JSON object.' } : { question: { ...question, data } };
}

function objectIn(body: string): object | null {
  if (body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The question as a request that can be run in a shell; the token is left to the person. */
export function curlOf(origin: string, question: Question): string {
  const body = JSON.stringify(question).replaceAll("'", String.raw`'\''`);
  return `curl -X POST ${origin}/api/v1/policies/explain -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '${body}'`;
}

/**
 * Where a rule stands: whose it is, what may be done, to what. A cell of the matrix is such a place, and so is a
 * wide rule (`role:editor/ * /blog_*`); the address bar holds it as `role:user/update/messages`.
 */
import type { Action, RuleInput } from '@plinth/client/admin';

export interface Place {
  /** `role:NAME` or `user:ID`. */
  subject: string;
  action: Action;
  /** A collection, a glob, or `sys:…`. */
  object: string;
}

/** The actions on records, in the order of the columns. */
export const actions = ['read', 'create', 'update', 'delete'] as const;
export type CellAction = (typeof actions)[number];

const known: readonly Action[] = [...actions, 'write', '*'];

/** The parts of the administration that a rule can name. */
export const systemObjects = ['sys:collections', 'sys:policies', 'sys:users', 'sys:logs', 'sys:settings', 'sys:backups', 'sys:*'];

/** The place as the address bar holds it. */
export function keyOf({ subject, action, object }: Place): string {
  return `${subject}/${action}/${object}`;
}

/** The place of a key, or null where it is none. */
export function placeOf(key: string | null): Place | null {
  const parts = (key ?? '').split('/');
  const [subject, action, object] = parts;
  if (parts.length !== 3 || !subject || !object || !/^(role|user):./.test(subject)) return null;
  const found = known.find((other) => other === action);
  return found ? { subject, action: found, object } : null;
}

/** Whether a rule stands exactly here. */
export function standsAt(rule: Pick<RuleInput, 'subject' | 'action' | 'object'>, place: Place): boolean {
  return rule.subject === place.subject && rule.action === place.action && rule.object === place.object;
}

/** Whether an object is a glob. */
export function isGlob(object: string): boolean {
  return object.includes('*') && !isSystem(object);
}

/** Whether an object is a part of the administration. */
export function isSystem(object: string): boolean {
  return object.startsWith('sys:');
}

/** A role's name without its prefix; null for an account. */
export function roleIn(subject: string): string | null {
  return subject.startsWith('role:') ? subject.slice(5) : null;
}

/** Why a text can't name a role, or null. The words of the server's own check. */
export function roleNameFault(name: string, taken: readonly string[]): string | null {
  if (name === '') return 'Name the role.';
  if (!/^[a-z]/.test(name)) return 'Start with a small letter.';
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return 'Go on with letters, digits, _ and -.';
  if (name.length > 63) return `It has ${name.length} characters; the limit is 63.`;
  return taken.includes(name) ? `There is a role ${name} already.` : null;
}

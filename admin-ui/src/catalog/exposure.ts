/**
 * How far a collection is open, from its rules: nobody but administrators, some roles, everyone signed in,
 * or the public. What counts is who has any allow rule at all; conditions narrow the rows, not the audience.
 */

export type Exposure = 'locked' | 'roles' | 'signed-in' | 'public';

/** The part of a rule that matters here. */
export interface Reach {
  subject: string;
  object: string;
  effect: string;
}

const rank: Exposure[] = ['locked', 'roles', 'signed-in', 'public'];

/** The widest audience that any allow rule lets at `collection`. */
export function exposureOf(collection: string, rules: readonly Reach[]): Exposure {
  let widest = 0;
  for (const rule of rules) {
    if (rule.effect !== 'allow' || !covers(rule.object, collection)) continue;
    widest = Math.max(widest, rank.indexOf(audience(rule.subject)));
  }
  return rank[widest] ?? 'locked';
}

function audience(subject: string): Exposure {
  if (subject === 'role:public') return 'public';
  if (subject === 'role:user') return 'signed-in';
  return subject === 'role:admin' ? 'locked' : 'roles';
}

/** Whether a rule's object, which may be a glob, means this collection; `sys:` objects never do. */
export function covers(object: string, collection: string): boolean {
  if (object.startsWith('sys:')) return false;
  if (!/[*?]/.test(object)) return object === collection;
  const pattern = object.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${pattern}$`).test(collection);
}

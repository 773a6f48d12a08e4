/** Writes about roles. A role exists as long as it has a member, a rule, or is a member of another. */
import { admin } from '../../../session/client';
import type { Rule } from '@plinth/client/admin';
import { rulesChanged } from '../edits.svelte';

/** Makes `role` inherit exactly `parents`; answers how to take it back. */
export async function inherit(role: string, before: readonly string[], parents: readonly string[]): Promise<() => Promise<void>> {
  const added = parents.filter((parent) => !before.includes(parent));
  const removed = before.filter((parent) => !parents.includes(parent));
  try {
    for (const parent of added) await admin.roles.add(parent, `role:${role}`);
    for (const parent of removed) await admin.roles.remove(parent, `role:${role}`);
  } finally {
    await rulesChanged();
  }
  return async () => void (await inherit(role, parents, before));
}

/** Takes away a role's rules, its members, and its place in other roles. */
export async function drop(role: string, rules: readonly Rule[], parents: readonly string[]): Promise<void> {
  try {
    for (const rule of rules) if (rule.subject === `role:${role}`) await admin.policies.delete(rule.id);
    for (const member of await admin.roles.members(role)) await admin.roles.remove(role, member);
    for (const parent of parents) await admin.roles.remove(parent, `role:${role}`);
  } finally {
    await rulesChanged();
  }
}

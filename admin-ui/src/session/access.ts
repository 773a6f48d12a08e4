/**
 * Which parts of the administration an account is let into. Administrators are in all; for everybody else
 * the routes are asked once, since only the server knows what its rules say.
 */
import { admin } from './client';

/** The parts that screens need: `sys:collections`, `sys:policies`, `sys:users`. */
export type Part = 'collections' | 'policies' | 'users';

const probes: Record<Part, () => Promise<unknown>> = {
  collections: () => admin.collections.list(),
  policies: () => admin.policies.list(),
  users: () => admin.users.list({ limit: 1 }),
};

/** The parts that answer; a failure that is no refusal counts as answered, and its screen will show it. */
export async function partsFor(account: { roles: string[] }): Promise<ReadonlySet<Part>> {
  const parts = Object.keys(probes) as Part[];
  if (account.roles.includes('admin')) return new Set(parts);
  const answers = await Promise.allSettled(parts.map((part) => probes[part]()));
  const refused = answers.map((answer) => answer.status === 'rejected' && [401, 403, 404].includes(statusOf(answer.reason)));
  return new Set(parts.filter((_, index) => !refused[index]));
}

function statusOf(error: unknown): number {
  return (error as { status?: number }).status ?? 0;
}

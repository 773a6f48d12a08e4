/** Applying a draft: asks where data goes, guards the hash, and says what was done. */
import { etag, PlinthError } from '@plinth/client';
import { definitionsChanged } from '../../catalog/catalog.svelte';
import { invalidate } from '../../query/query.svelte';
import { admin } from '../../session/client';
import { confirm } from '../../ui/float/confirm.svelte';
import { toasts } from '../../ui/float/toasts.svelte';
import { counted } from '../../ui/number';
import { find } from '..';
import type { Draft } from './draft.svelte';
import { lossOf } from './model/steps';
import type { LivePlan } from './plan.svelte';

/** Done, and where to go on, if elsewhere. */
interface Applied {
  href?: string;
}

/** Applies after asking what must be asked; `started` runs once nothing is left to ask. Null when it was not done. */
export async function apply(draft: Draft, live: LivePlan, started: () => void): Promise<Applied | null> {
  const plan = live.plan;
  if (!plan) return null;
  if (plan.destructive && !(await agreed(draft, live))) return null;
  started();
  try {
    return draft.base ? await change(draft, plan.steps.length, plan.destructive) : await create(draft);
  } catch (error) {
    await refused(draft, live, error);
    return null;
  }
}

async function create(draft: Draft): Promise<Applied> {
  const { name } = await admin.collections.create(draft.input);
  draft.reset(await admin.collections.get(name));
  await definitionsChanged();
  toasts.say(`Collection ${name} created. Only administrators may use it until a policy says more.`);
  const records = `/data/${name}`;
  return { href: find(records) ? records : `/schema/${name}` };
}

async function change(draft: Draft, steps: number, allowDestructive: boolean): Promise<Applied> {
  const { base } = draft;
  if (!base) return {};
  const { name } = await admin.collections.update(base.name, draft.patch, { ifMatch: base[etag], allowDestructive });
  draft.reset(await admin.collections.get(name));
  await definitionsChanged();
  toasts.say(steps > 0 ? `${counted(steps, 'step')} applied to ${name}` : `Definition of ${name} saved`);
  return name === base.name ? {} : { href: `/schema/${name}` };
}

function agreed(draft: Draft, live: LivePlan): Promise<boolean> {
  const steps = live.plan?.steps ?? [];
  const lost = steps.filter((step) => step.destructive).length;
  return confirm({
    title: `Apply ${counted(steps.length, 'step')} to ${draft.base?.name ?? draft.name}?`,
    text: `${lossOf(steps, { before: draft.base?.schema ?? null, after: draft.schema })}. This cannot be undone.`,
    verb: `Apply, ${counted(lost, 'destructive step')}`,
    keep: 'Keep the data',
    danger: true,
    typed: draft.base?.name ?? draft.name,
  });
}

/** A stale hash brings the newer definition, whose note says all and offers to merge; a plan in the answer is shown. */
async function refused(draft: Draft, live: LivePlan, error: unknown): Promise<void> {
  const stale = error instanceof PlinthError && error.status === 412;
  if (stale && draft.base) {
    await invalidate(`collections/${draft.base.name}`);
    return;
  }
  live.refuse(error);
  toasts.fail(draft.base ? 'The plan was not applied' : 'The collection was not created', error);
}

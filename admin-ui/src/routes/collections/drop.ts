/** Deleting a collection: what goes with it is found out first, and its name is to be typed. */
import { definitionsChanged } from '../../catalog/catalog.svelte';
import { admin } from '../../session/client';
import { confirm } from '../../ui/float/confirm.svelte';
import { toasts } from '../../ui/float/toasts.svelte';
import { counted } from '../../ui/number';

/** Asks and deletes; true when it is gone. */
export async function dropCollection(name: string): Promise<boolean> {
  try {
    const plan = await admin.collections.planDelete(name);
    const rows = plan.steps.reduce((most, step) => Math.max(most, step.rows), 0);
    const agreed = await confirm({
      title: `Delete collection ${name}?`,
      text:
        rows > 0
          ? `${counted(rows, 'record')} and the schema go with it. This cannot be undone.`
          : 'It holds no records. Its schema goes; this cannot be undone.',
      verb: rows > 0 ? `Delete collection and ${counted(rows, 'record')}` : 'Delete collection',
      keep: 'Keep it',
      danger: true,
      typed: name,
    });
    if (!agreed) return false;
    await admin.collections.delete(name, { allowDestructive: true });
    toasts.say(`Collection ${name} deleted`);
    await definitionsChanged();
    return true;
  } catch (error) {
    toasts.fail(`Collection ${name} was not deleted`, error);
    return false;
  }
}

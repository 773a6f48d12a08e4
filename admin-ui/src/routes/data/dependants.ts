/** What goes with a record when it is deleted: the relations of other collections that lead to it. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { fieldsOf } from '../../catalog/kind';

/** Fields as `members.room`. */
interface Dependants {
  /** Their records are deleted too. */
  cascading: string[];
  /** They are unset. */
  unsetting: string[];
}

/** The relations that lead to `name`, by what a delete does to them; those that refuse it are the server's to name. */
export function dependantsOf(name: string, definitions: readonly Pick<CollectionDefinition, 'name' | 'schema'>[]): Dependants {
  const found: Dependants = { cascading: [], unsetting: [] };
  for (const definition of definitions) {
    for (const field of fieldsOf(definition)) {
      const relation = field.schema['x-relation'] ?? field.schema.items?.['x-relation'];
      if (relation?.collection !== name) continue;
      const place = `${definition.name}.${field.name}`;
      if (relation.onDelete === 'cascade') found.cascading.push(place);
      if (relation.onDelete === 'setNull') found.unsetting.push(place);
    }
  }
  return found;
}

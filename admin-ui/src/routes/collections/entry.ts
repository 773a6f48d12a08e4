/** What the list says of one collection. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { exposureOf, type Exposure, type Reach } from '../../catalog/exposure';
import { fieldsOf, kinds, targetOf } from '../../catalog/kind';

export interface Entry {
  name: string;
  system: boolean;
  description: string;
  /** Unknown while the rules load, or where the account may not read them. */
  exposure: Exposure | undefined;
  rows: number | undefined;
  fields: { name: string; word: string }[];
  updatedAt: string;
}

interface Context {
  search: string;
  rows: Record<string, number>;
  rules: readonly Reach[] | undefined;
}

/** The collections that the search text names, with what is known of them. */
export function entriesOf(definitions: CollectionDefinition[], { search, rows, rules }: Context): Entry[] {
  const wanted = search.trim().toLowerCase();
  return definitions.filter((definition) => textOf(definition).includes(wanted)).map((definition) => ({
    name: definition.name,
    system: definition.system,
    description: definition.schema.description ?? definition.schema.title ?? (definition.system ? 'Accounts, built in' : ''),
    exposure: rules && exposureOf(definition.name, rules),
    rows: rows[definition.name],
    fields: fieldsOf(definition).map(({ name, kind, schema }) => {
      const target = targetOf(schema);
      return { name, word: target ? `→ ${target}` : kinds[kind].word };
    }),
    updatedAt: definition.updatedAt,
  }));
}

function textOf({ name, schema }: CollectionDefinition): string {
  return [name, schema.title, schema.description, ...Object.keys(schema.properties ?? {})].join(' ').toLowerCase();
}

/** The same as code: what is seen as a query, and a first record as a call. */
import { quoted } from './cel/literal';
import type { Column } from './columns';
import { effectiveSort, orderBy, type SortKey } from './view';

export interface Asked {
  collection: string;
  filter: string;
  sort: SortKey[];
  /** Relations that are brought along. */
  expand: readonly string[];
}

/** A program of the TypeScript client: who it is, the view once, and its changes from then on. */
export function sdkProgram(asked: Asked, origin: string): string {
  const { collection, filter } = asked;
  return `import { createClient } from '@plinth/client';
import type { Schema } from './plinth-types.js';

const db = createClient<Schema>('${origin}');
await db.auth.login(email, password);
${sdkList(asked)}
db.collection('${collection}').subscribe({${filter && ` filter: ${quoted(filter)} `}}, { event: (change) => console.log(change.type, change.id) });`;
}

/** The view as a call of the TypeScript client. */
export function sdkList({ collection, filter, sort, expand }: Asked): string {
  const options = [
    filter && `filter: ${quoted(filter)}`,
    expand.length > 0 && `expand: { ${expand.map((name) => `${name}: true`).join(', ')} }`,
    `orderBy: [${orderBy(effectiveSort(sort)).map((key) => `'${key}'`).join(', ')}]`,
  ].filter(Boolean);
  return `const page = await db.collection('${collection}').list({ ${options.join(', ')} });`;
}

/** The view as a request. */
export function curlList({ collection, filter, sort, expand }: Asked, origin: string): string {
  const parameters = [
    filter && `--data-urlencode ${shell(`filter=${filter}`)}`,
    expand.length > 0 && `-d expand=${expand.join()}`,
    `-d sort=${orderBy(effectiveSort(sort)).join()}`,
  ].filter(Boolean);
  return `curl -G '${origin}/api/v1/records/${collection}' -H "Authorization: Bearer $TOKEN" ${parameters.join(' ')}`;
}

/** A first record as a call of the TypeScript client. */
export function sdkCreate(collection: string, columns: readonly Column[]): string {
  const members = Object.entries(example(columns)).map(([name, value]) => `${name}: ${JSON.stringify(value).replaceAll('"', "'")}`);
  return `await db.collection('${collection}').create({ ${members.join(', ')} });`;
}

/** A first record as a request. */
export function curlCreate(collection: string, columns: readonly Column[], origin: string): string {
  return `curl '${origin}/api/v1/records/${collection}' -H "Authorization: Bearer $TOKEN" --json ${shell(JSON.stringify(example(columns)))}`;
}

/** Values for the fields that a record must have, or for its first field. */
function example(columns: readonly Column[]): Record<string, unknown> {
  const writable = columns.filter(({ readOnly }) => !readOnly);
  const required = writable.filter((column) => column.required);
  const chosen = required.length > 0 ? required : writable.slice(0, 1);
  return Object.fromEntries(chosen.map((column) => [column.name, sample(column)]));
}

function sample({ kind, schema, name, target }: Column): unknown {
  const given = schema.examples?.[0] ?? schema.default;
  if (given !== undefined) return given;
  switch (kind) {
    case 'integer':
      return schema.minimum ?? 1;
    case 'number':
      return schema.minimum ?? 0.5;
    case 'boolean':
      return true;
    case 'dateTime':
      return '2026-01-01T12:00:00Z';
    case 'choice':
      return schema.enum?.[0] ?? '';
    case 'object':
      return {};
    case 'list':
    case 'relations':
      return [];
    case 'relation':
      return `id of ${target ?? 'a record'}`;
    default:
      return `A ${name}`;
  }
}

/** One word of a POSIX shell. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Names of collections and fields, by the server's rules, so that they are told while one types; the server has the
 * last word. Its lists are written down again here, and `names.test.ts` compares them with its source.
 */

const PATTERN = /^[a-z][A-Za-z0-9_]{0,62}$/;

/** What the server takes for no name of a field or a collection, by the reason. */
export const reserved = {
  record: ['id', 'createdAt', 'updatedAt', 'expand'],
  roots: ['auth', 'data', 'now', 'params'],
  language: 'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
  statements: ['select', 'insert', 'update', 'delete', 'create', 'alter', 'drop', 'truncate'],
  columns: ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'],
};

/** Fields that `users` can't have: the API of accounts has them already. */
export const reservedInUsers = ['roles', 'anonymous', 'password', 'session', 'disabled', 'lastSeenAt'];

/** How the databases' own tables begin, in whatever case. */
export const ofDatabases = ['sqlite_', 'pg_'];

const reasons: Record<keyof typeof reserved, string> = {
  record: 'every record has it',
  roots: 'expressions use it',
  language: 'it is a word of expressions',
  statements: 'it begins a statement of SQL',
  columns: 'every table of Postgres has it',
};

/** What is named: a field of `users` has less to choose from. */
export type Named = 'field' | 'account field' | 'collection';

/** Why a name cannot be, or null. `others` are the names beside it. */
export function nameFault(name: string, others: readonly string[], named: Named): string | null {
  const what = named === 'collection' ? 'collection' : 'field';
  if (name === '') return `The ${what} needs a name`;
  if (name.length > 63) return `${name.length} characters; at most 63 are possible`;
  if (/^[^a-z]/.test(name)) return 'Starts with a small letter, a to z';
  if (!PATTERN.test(name)) return 'Letters a to z, digits and _ only';
  const reason = reservation(name, named);
  if (reason !== null) return `${name} is reserved: ${reason}`;
  const twin = others.find((other) => other.toLowerCase() === name.toLowerCase());
  if (twin === undefined) return null;
  return twin === name ? `There is a ${what} ${name} already` : `Differs from ${twin} in case only`;
}

/** Why the server keeps a name for itself, or null. */
export function reservation(name: string, named: Named): string | null {
  const kind = (Object.keys(reserved) as (keyof typeof reserved)[]).find((key) => reserved[key].includes(name));
  if (kind) return reasons[kind];
  if (named === 'account field' && reservedInUsers.includes(name)) return 'the API of accounts uses it';
  const start = named === 'collection' ? ofDatabases.find((prefix) => name.toLowerCase().startsWith(prefix)) : undefined;
  return start === undefined ? null : `the databases’ own tables begin with ${start}`;
}

/** Keys for the lines of a list, from what each was called first: a name that another line once had gets a key of its own. */
export function lineKeys(first: readonly string[]): string[] {
  const seen = new Set<string>();
  return first.map((name) => {
    let key = name;
    while (seen.has(key)) key += '+';
    seen.add(key);
    return key;
  });
}

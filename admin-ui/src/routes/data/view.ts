/**
 * What the grid shows, as the URL says it: `?filter=…&sort=-likes,body&columns=body,author&record=ID&tab=json`.
 * Members that say the default are left out, so that the plain address is the plain view.
 */

export interface SortKey {
  field: string;
  descending: boolean;
}

export type RecordTab = 'fields' | 'json';

export interface View {
  /** CEL, empty for all. */
  filter: string;
  /** Empty for the default order. */
  sort: SortKey[];
  /** Names in order; null for the default choice. */
  columns: string[] | null;
  /** The record in the drawer: an id, `new`, or none. */
  record: string | null;
  tab: RecordTab;
}

/** The value of `record` that stands for one that does not exist yet. */
export const NEW = 'new';

/** Newest first, the order in which people look for what just happened. */
const defaultSort: SortKey[] = [{ field: 'createdAt', descending: true }];

/** Reads the query of the URL. */
export function viewOf(query: URLSearchParams): View {
  const columns = names(query.get('columns'));
  return {
    filter: query.get('filter')?.trim() ?? '',
    sort: names(query.get('sort')).map(sortKey),
    columns: columns.length > 0 ? columns : null,
    record: query.get('record') || null,
    tab: query.get('tab') === 'json' ? 'json' : 'fields',
  };
}

/** The members of the query that say a part of a view; null removes one. */
export function queryOf(part: Partial<View>): Record<string, string | null> {
  const members: Record<string, string | null> = {};
  if (part.filter !== undefined) members.filter = part.filter.trim() || null;
  if (part.sort) members.sort = orderBy(part.sort).join() || null;
  if (part.columns !== undefined) members.columns = part.columns?.join() || null;
  if (part.record !== undefined) members.record = part.record;
  if (part.tab !== undefined) members.tab = part.tab === 'fields' ? null : part.tab;
  return members;
}

/** Sort keys as the API takes them: `-createdAt`. */
export function orderBy(sort: readonly SortKey[]): string[] {
  return sort.map(({ field, descending }) => (descending ? `-${field}` : field));
}

/** The keys that the grid really sorts by. */
export function effectiveSort(sort: SortKey[]): SortKey[] {
  return sort.length > 0 ? sort : defaultSort;
}

/**
 * The order after a click on a head: up, down, and back to the default. With `add` the other keys stay,
 * else this field is the only one.
 */
export function nextSort(sort: readonly SortKey[], field: string, add: boolean): SortKey[] {
  const now = sort.find((key) => key.field === field);
  const next = now === undefined ? { field, descending: false } : now.descending ? null : { field, descending: true };
  if (!add) return next ? [next] : [];
  if (!next) return sort.filter((key) => key.field !== field);
  return now ? sort.map((key) => (key.field === field ? next : key)) : [...sort, next];
}

function sortKey(text: string): SortKey {
  return text.startsWith('-') ? { field: text.slice(1), descending: true } : { field: text, descending: false };
}

function names(text: string | null): string[] {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return [...new Set(parts)].filter((part) => part !== '' && part !== '-');
}

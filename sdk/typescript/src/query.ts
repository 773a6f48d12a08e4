import { type RequestOptions, queryString } from './http.js';
import { LONGEST_URL } from './limits.js';
import type { Expand, Field, Names, NoExpand, SchemaShape } from './schema.js';
import { type Filter, type Where, compile } from './where.js';

/** Which records: `where` as data, or `filter` as CEL with `params`; both together must both hold. */
export interface Matching<S extends SchemaShape, C extends Names<S>> {
  where?: Where<S, C>;
  /** CEL. Values belong in `params`, never in the text: `filter: 'room == params.room'`. */
  filter?: string;
  params?: { readonly [name: string]: unknown };
}

/** What to bring of each record. */
export interface Shape<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> {
  /** Only these fields; all that may be read when left out. */
  select?: readonly (F & Field<S, C>)[];
  /** What to bring through relations, under `expand` of each record. */
  expand?: E & Expand<S, C>;
}

/** A field to order by, a minus before it for the greatest first. */
export type Order<S extends SchemaShape, C extends Names<S>> = Field<S, C> | `-${Field<S, C>}`;

/** The options of `iterate`. */
export interface IterateOptions<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> extends Matching<S, C>, Shape<S, C, F, E> {
  orderBy?: readonly Order<S, C>[];
  /** Records a page: 30 when left out, at most 500. */
  limit?: number;
  signal?: AbortSignal;
}

/** The options of `list`. */
export interface ListOptions<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> extends IterateOptions<S, C, F, E> {
  /** `nextCursor` or `prevCursor` of a page that was listed with the same options. */
  cursor?: string;
  /** Asks for `total`. */
  count?: 'exact' | 'estimated';
}

/** A part of a list, and the way on and back: a cursor is null at the end. */
export interface Page<R> {
  items: R[];
  nextCursor: string | null;
  prevCursor: string | null;
  /** Present when `count` asked for it. */
  total?: number;
}

/** Options of any method as this module sees them: the types have done their work by now. */
export interface LooseOptions extends Filter {
  where?: object;
  select?: readonly string[];
  expand?: object;
  orderBy?: readonly string[];
  limit?: number;
  cursor?: string;
  count?: string;
}

/** The parameters of a list, of `…/query` and of a `subscribe` frame; those not given are undefined. */
export interface QueryParameters extends Filter {
  sort: string | undefined;
  limit: number | undefined;
  cursor: string | undefined;
  fields: string | undefined;
  expand: string | undefined;
  count: string | undefined;
}

/** Options as parameters. */
export function parameters(options: LooseOptions): QueryParameters {
  const { where, select, expand, orderBy, limit, cursor, count } = options;
  const fields = [...(select ?? [])];
  const hops: string[] = [];
  reach(expand, '');
  return { ...compile(where, options), sort: text(orderBy), limit, cursor, fields: text(fields), expand: text(hops), count };

  /** `{author: {select: ['name']}}` is `expand=author&fields=author.name`. */
  function reach(hop: object = {}, prefix: string): void {
    // A plain `true` has neither member.
    for (const [name, next] of Object.entries(hop) as [string, LooseOptions | undefined][]) {
      if (!next) continue;
      hops.push(prefix + name);
      fields.push(...(next.select ?? []).map((field) => `${prefix}${name}.${field}`));
      reach(next.expand, `${prefix}${name}.`);
    }
  }
}

/** The call that lists: in the URL, or in a body where it would be too long for one. */
export function listCall(route: string, query: QueryParameters): [method: string, path: string, options?: RequestOptions] {
  const path = route + urlQuery(query);
  return path.length > LONGEST_URL ? ['POST', `${route}/query`, { body: query, idempotent: true }] : ['GET', path];
}

/** Parameters as the end of a URL. */
export function urlQuery({ params, ...flat }: QueryParameters): string {
  return queryString({ ...flat, params: params && JSON.stringify(params) });
}

const text = (names: readonly string[] | undefined): string | undefined => (names?.length ? names.join() : undefined);

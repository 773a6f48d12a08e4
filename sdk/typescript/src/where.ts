/**
 * `where` objects as CEL text. Values become literals by `literal` alone and names must be plain
 * identifiers, so nothing a user types can change the meaning of a filter. A value of `undefined`, a field
 * without a comparison and whatever is no plain object are errors: leaving the condition out would show
 * more than was asked for. Only an empty `where`, also as a part of `and`, `or` and `not`, holds for all.
 */
import { LONGEST_LITERAL } from './limits.js';
import type { Names, SchemaShape, Target } from './schema.js';

/** What holds of the records wanted: all conditions together. `and`, `or`, `not` combine. */
export type Where<S extends SchemaShape, C extends Names<S>> = {
  readonly [K in keyof S[C]['record']]?: Condition<S[C]['record'][K]> | Through<S, C, K>;
} & {
  readonly [K in Exclude<keyof S[C]['relations'], keyof S[C]['record']>]?: Through<S, C, K>;
} & {
  readonly and?: readonly Where<S, C>[];
  readonly or?: readonly Where<S, C>[];
  readonly not?: Where<S, C>;
};

/** `is` follows a relation to one; `some` and `every` look at all records of a relation to many. */
type Through<S extends SchemaShape, C extends Names<S>, K> = K extends keyof S[C]['relations']
  ? S[C]['relations'][K] extends infer R
    ? R extends readonly unknown[]
      ? { readonly some?: Where<S, Target<S, R>>; readonly every?: Where<S, Target<S, R>> }
      : { readonly is?: Where<S, Target<S, R>> }
    : never
  : never;

/** A value the field equals, or an object of comparisons that all hold. `null` asks for an unset field. */
export type Condition<T> = unknown extends T ? unknown : (null extends T ? null : never) | Comparison<NonNullable<T>, null extends T ? null : never>;

/** Brackets keep unions whole: the literals of a choice are compared as one kind. */
type Comparison<V, Null> = [V] extends [readonly (infer I)[]]
  ? { readonly has?: Operand<I> }
  : '__plinth' extends keyof V
    ? Date | Ordered<Date, Null>
    : [V] extends [string]
      ? V | (Ordered<V, Null> & Textual)
      : [V] extends [number]
        ? V | bigint | Ordered<V | bigint, Null>
        : [V] extends [boolean]
          ? V | { readonly eq?: V | Null; readonly ne?: V | Null }
          : { readonly is?: Inside<V> };

interface Ordered<V, Null> {
  readonly eq?: V | Null;
  readonly ne?: V | Null;
  readonly gt?: V;
  readonly gte?: V;
  readonly lt?: V;
  readonly lte?: V;
  readonly in?: readonly V[];
  readonly notIn?: readonly V[];
}

interface Textual {
  readonly contains?: string;
  readonly startsWith?: string;
  readonly endsWith?: string;
  /** A pattern of RE2's syntax, which runs in linear time. */
  readonly matches?: string;
}

type Operand<I> = '__plinth' extends keyof I ? Date : I;

/** Conditions on what is inside a JSON field. */
type Inside<V> = { readonly [K in keyof V]?: Condition<V[K]> };

/** The filter and the values it refers to as `params.…`. */
export interface Filter {
  filter?: string;
  params?: { readonly [name: string]: unknown };
}

/** No prototype: `constructor` is no operator. */
const SIGNS: { readonly [operator: string]: string | undefined } = { __proto__: null as never, eq: '==', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/** Compiles `where`, joined by `&&` with a filter that is given as text. */
export function compile(where: object = {}, { filter, params }: Filter): Filter {
  const bound: { [name: string]: unknown } = { ...params };
  let names = 0;
  const text = all(where, '', '', '');
  const joined = filter && text ? `(${filter}) && (${text})` : (filter ?? text);
  return { ...(joined && { filter: joined }), ...(Object.keys(bound).length && { params: bound }) };

  /** `within` is what errors call the place: the variables of `exists` would mean nothing to a reader. */
  function all(conditions: unknown, prefix: string, within: string, none = 'true'): string {
    return each(conditions, within, ([name, value]) => condition(name, value, prefix, within && `${within}.`)) || none;
  }

  function condition(name: string, value: unknown, prefix: string, within: string): string {
    const place = within + name;
    const any = name === 'or';
    if (any || name === 'and') {
      const parts = (need('Array', value, place) as unknown[]).map((part) => `(${all(part, prefix, place)})`);
      return `(${parts.join(any ? ' || ' : ' && ') || !any})`;
    }
    if (name === 'not') return `!(${all(value, prefix, place)})`;
    if (/\W|^$/.test(name)) refuse(`"${name}"`, 'is no field name');
    const field = prefix + name;
    if (kindOf(value) !== 'Object') return comparison(field, 'eq', value, place);
    return each(value, place, ([operator, operand]) => comparison(field, operator, operand, place)) || refuse(place, 'has no comparison: leave it out or compare it');
  }

  function comparison(field: string, operator: string, operand: unknown, place: string): string {
    const sign = SIGNS[operator];
    if (sign) return `${field} ${sign} ${literal(operand, place)}`;
    const inside = `${place}.${operator}`;
    switch (operator) {
      case 'contains':
      case 'startsWith':
      case 'endsWith':
      case 'matches':
        return `${field}.${operator}(${literal(operand, place)})`;
      case 'has':
        return `${literal(operand, place)} in ${field}`;
      case 'in':
        return `${field} in ${oneOf(operand, inside)}`;
      case 'notIn':
        return `!(${field} in ${oneOf(operand, inside)})`;
      case 'is':
        // Of nothing asked remains that there is one.
        return all(operand, `${field}.`, inside, `${field} != null`);
      case 'some':
      case 'every': {
        const one = `x${names++}`;
        return `${field}.${operator === 'some' ? 'exists' : 'all'}(${one}, ${all(operand, `${one}.`, inside)})`;
      }
    }
    return refuse(place, `has no operator "${operator}"`);
  }

  function oneOf(values: unknown, place: string): string {
    const text = literal(need('Array', values, place), place);
    // A bound time would be a text.
    if (text.length <= LONGEST_LITERAL || text.includes('timestamp(')) return text;
    const name = `_w${names++}`;
    bound[name] = values;
    return `params.${name}`;
  }
}

/** A value as a CEL literal: the one place where values become text. JSON's escapes are a part of CEL's. */
export function literal(value: unknown, field = 'value'): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || Number.isFinite(value) || (typeof value).startsWith('b')) return String(value);
  if (value instanceof Date) return `timestamp(${JSON.stringify(value.toISOString())})`;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, field)).join()}]`;
  return refuse(field, `can't be compared with ${value as string}`);
}

/** All entries of an object as text. Whatever else has no names to read would pass as no condition at all. */
function each(value: unknown, place: string, write: (entry: [name: string, value: unknown]) => string): string {
  return Object.entries(need('Object', value, place) as object)
    .map(write)
    .join(' && ');
}

function need(kind: string, value: unknown, place: string): unknown {
  return kindOf(value) === kind ? value : refuse(place || 'it', `is no ${kind}`);
}

/** `Object` for what braces make, the name of its kind for a Map, a RegExp, a text or nothing. */
function kindOf(value: unknown): string {
  return {}.toString.call(value).slice(8, -1);
}

function refuse(place: string, why: string): never {
  throw new TypeError(`where: ${place} ${why}`);
}

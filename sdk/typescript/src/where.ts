/**
 * `where` objects as CEL text. Values become literals by `literal` alone and names must be plain
 * identifiers, so nothing a user types can change the meaning of a filter. A value of `undefined` is
 * an error: leaving the condition out would show more than was asked for.
 */
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
/** Lists longer than this are bound: a filter's source may have 4 KiB. */
const LONGEST_LITERAL = 500;

/** Compiles `where`, joined by `&&` with a filter that is given as text. */
export function compile(where: object = {}, { filter, params }: Filter): Filter {
  const bound: { [name: string]: unknown } = {};
  let names = 0;
  const text = Object.keys(where).length ? all(where, '') : '';
  const joined = filter && text ? `(${filter}) && (${text})` : (filter ?? text);
  const values = { ...params, ...bound };
  return { ...(joined && { filter: joined }), ...(Object.keys(values).length && { params: values }) };

  function all(conditions: object, prefix: string): string {
    const parts = Object.entries(conditions).map(([name, value]) => condition(name, value, prefix));
    return parts.join(' && ') || 'true';
  }

  function condition(name: string, value: unknown, prefix: string): string {
    const any = name === 'or';
    if (any || name === 'and') {
      const parts = (value as object[]).map((part) => all(part, prefix));
      return parts.length ? `((${parts.join(any ? ') || (' : ') && (')}))` : String(!any);
    }
    if (name === 'not') return `!(${all(value as object, prefix)})`;
    if (/\W|^$/.test(name)) throw new TypeError(`where: "${name}" is no field name`);
    const field = prefix + name;
    if (Object(value) !== value || value instanceof Date || Array.isArray(value)) return comparison(field, 'eq', value);
    const parts = Object.entries(value as object).map(([operator, operand]) => comparison(field, operator, operand));
    return parts.join(' && ') || 'true';
  }

  function comparison(field: string, operator: string, operand: unknown): string {
    const sign = SIGNS[operator];
    if (sign) return `${field} ${sign} ${literal(operand, field)}`;
    switch (operator) {
      case 'contains':
      case 'startsWith':
      case 'endsWith':
      case 'matches':
        return `${field}.${operator}(${literal(operand, field)})`;
      case 'has':
        return `${literal(operand, field)} in ${field}`;
      case 'in':
        return `${field} in ${list(operand, field)}`;
      case 'notIn':
        return `!(${field} in ${list(operand, field)})`;
      case 'is':
        return all(operand as object, `${field}.`);
      case 'some':
      case 'every': {
        const each = `x${names++}`;
        return `${field}.${operator === 'some' ? 'exists' : 'all'}(${each}, ${all(operand as object, `${each}.`)})`;
      }
    }
    throw new TypeError(`where: ${field} has no operator "${operator}"`);
  }

  function list(values: unknown, field: string): string {
    const text = literal(values, field);
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
  if (value === null || Number.isFinite(value) || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Date) return `timestamp(${JSON.stringify(value.toISOString())})`;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, field)).join()}]`;
  throw new TypeError(`where: ${field} can't be compared with ${value as string}`);
}

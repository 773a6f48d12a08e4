/**
 * The version of a record that was read or written alone: `record[etag]`, to be given as `ifMatch`. It is
 * a symbol so that it is never sent back, stored or shown; records of a list have none.
 */
export const etag: unique symbol = Symbol.for('plinth.etag') as never;

/** A record with its version. */
export type Versioned<R> = R & { readonly [etag]: string };

/** Puts the version onto a record that was just parsed. */
export function versioned<R extends object>(record: R, version: string): Versioned<R> {
  return Object.defineProperty(record, etag, { value: version }) as Versioned<R>;
}

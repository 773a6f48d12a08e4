/**
 * What the generator emits for one collection: the record as read, what a create takes, what an update
 * may set, and where its relations lead. A relation to one is a name (`author: 'users'`), a relation to
 * many and a back-relation a list of it (`tags: 'tags'[]`, `comments_via_post: 'comments'[]`).
 */
export type CollectionShape = { record: object; create: object; update: object; relations: object };

/** All collections of a server by name. It has to be a `type`: an `interface` has no index signature. */
export type SchemaShape = { [collection: string]: CollectionShape };

/** A client without generated types: any collection, fields as `unknown`. */
export type AnySchema = {
  [collection: string]: {
    record: { id: string; createdAt: DateTime; updatedAt: DateTime; [field: string]: unknown };
    create: { [field: string]: unknown };
    update: { [field: string]: unknown };
    relations: { [field: string]: string | string[] };
  };
};

/**
 * A time as text, RFC 3339 in UTC with milliseconds. Any string may be assigned to it; the mark is there so
 * that `where` asks for a `Date` in its place, because a filter compares times with times and not with texts.
 */
export type DateTime = string & { readonly __plinth?: 'date-time' };

/** The names of the collections. */
export type Names<S extends SchemaShape> = keyof S & string;

/** The record of a collection as the server returns it. */
export type RecordOf<S extends SchemaShape, C extends Names<S>> = S[C]['record'];

/** The fields that `select` and `orderBy` can name. */
export type Field<S extends SchemaShape, C extends Names<S>> = keyof S[C]['record'] & string;

/** The collection that a relation leads to. */
export type Target<S extends SchemaShape, Relation> = (Relation extends readonly (infer N)[] ? N : Relation) & Names<S>;

/** What to read through relations, by the name of the relation. */
export type Expand<S extends SchemaShape, C extends Names<S>> = {
  readonly [K in keyof S[C]['relations'] & string]?: true | ExpandOptions<S, Target<S, S[C]['relations'][K]>>;
};

/** One hop of `expand`: which fields, and what to read through the next relation. */
export interface ExpandOptions<S extends SchemaShape, C extends Names<S>> {
  readonly select?: readonly Field<S, C>[];
  readonly expand?: Expand<S, C>;
}

/** No relation read. */
export type NoExpand = { readonly [K in never]: never };

/** A record narrowed to `select` (all fields when that is `never`), with what `expand` brought. */
export type Row<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> = ([F] extends [never] ? RecordOf<S, C> : Pick<RecordOf<S, C>, F & keyof RecordOf<S, C>>) &
  ([keyof E] extends [never] ? unknown : { expand: { [K in keyof E & keyof S[C]['relations']]: Reached<S, S[C]['relations'][K], E[K]> } });

/** To one: the record, or null where it is gone or may not be seen. To many: those that may be seen. */
type Reached<S extends SchemaShape, Relation, O> = Relation extends readonly unknown[] ? Hop<S, Target<S, Relation>, O>[] : Hop<S, Target<S, Relation>, O> | null;

type Hop<S extends SchemaShape, C extends Names<S>, O> = Row<S, C, O extends { select: readonly (infer F extends string)[] } ? F : never, O extends { expand: infer E } ? E : NoExpand>;

/** A merge patch: what is named is set, `null` unsets, and numbers and lists can be changed in place. */
export type Patch<U> = { [K in keyof U]: unknown extends U[K] ? unknown : U[K] | InPlace<NonNullable<U[K]>> };

/** Changes that the server computes from the stored value, so that two writers do not lose one another's. */
type InPlace<V> = V extends number
  ? { $inc: number }
  : V extends readonly (infer I)[]
    ? { $add?: readonly I[]; $remove?: readonly I[] }
    : V extends string | boolean | Date
      ? never
      : { [K in keyof V]?: V[K] | InPlace<NonNullable<V[K]>> | null };

/**
 * A definition being edited: as values for the lists, as text for the editor, both of the same draft. The text
 * is the schema alone or the whole definition. Text that is not JSON yet is kept as typed; the lists then show
 * what was readable last, and rest.
 */
import type { Versioned } from '@plinth/client';
import type { CollectionDefinition, CollectionInput, IndexDefinition, JsonSchema } from '@plinth/client/admin';
import { changesOf, same, storedName, type FieldChange } from './model/changes';
import { read, write, type Definition, type Form } from './model/definition';
import { blank, renameField, removeField, RENAMED_FROM } from './model/fields';
import { nameFault } from './model/names';
import { rebase } from './model/rebase';
import { parseSource, SourceError, type Source } from './model/source';

export type Stored = Versioned<CollectionDefinition>;

interface State extends Definition {
  text: string;
  form: Form;
}

const empty: Definition = { name: '', schema: blank, indexes: [], search: [] };

/** Why the text is no definition yet. */
interface Broken {
  message: string;
  at: number;
}

/** Edits of text closer together than this are one step of undo. */
const TYPING_MS = 800;
const STEPS = 200;

export class Draft {
  /** What the server has; null for a new collection. */
  base = $state.raw<Stored | null>(null);
  broken = $state.raw<Broken | null>(null);
  /** Names of fields as they stand in their inputs, not taken over yet: what can't be a name stays here, with the field as it was. */
  typedNames = $state.raw<Readonly<Record<string, string>>>({});
  /** The field whose name the editor wants the keyboard in. */
  wanted = $state<string | null>(null);
  #state = $state.raw<State>({ ...empty, form: 'schema', text: write('schema', empty) });
  #past = $state.raw<State[]>([]);
  #future = $state.raw<State[]>([]);
  #typedAt = 0;

  constructor(base: Stored | null) {
    this.reset(base);
  }

  get name(): string {
    return this.#state.name;
  }
  get schema(): JsonSchema {
    return this.#state.schema;
  }
  get text(): string {
    return this.#state.text;
  }
  /** Whether the text is the schema or all of the definition. */
  get form(): Form {
    return this.#state.form;
  }
  get indexes(): IndexDefinition[] {
    return this.#state.indexes;
  }
  get search(): string[] {
    return this.#state.search;
  }
  get system(): boolean {
    return this.base?.system ?? false;
  }

  /** Places of all values in the text, or null while it is broken. */
  readonly source = $derived.by<Source | null>(() => {
    if (this.broken) return null;
    try {
      return parseSource(this.#state.text);
    } catch (error) {
      if (error instanceof SourceError) return null;
      throw error;
    }
  });

  readonly changes = $derived<FieldChange[]>(changesOf(this.base?.schema ?? null, this.#state.schema));
  readonly indexesChanged = $derived(!same(this.base?.indexes ?? [], this.#state.indexes));
  readonly searchChanged = $derived(!same(this.base?.search ?? [], this.#state.search));
  /** Members of the schema beside its fields, as its title. */
  readonly wordsChanged = $derived(!same(words(this.base?.schema ?? blank), words(this.#state.schema)));
  readonly renamed = $derived(this.base !== null && this.base.name !== this.#state.name);
  readonly dirty = $derived(
    this.broken !== null ||
      this.renamed ||
      this.indexesChanged ||
      this.searchChanged ||
      JSON.stringify(this.base?.schema ?? blank) !== JSON.stringify(this.#state.schema) ||
      (this.base === null && this.#state.name !== ''),
  );
  /** How many changes the title's badge counts. */
  readonly size = $derived(
    this.changes.length + Number(this.indexesChanged) + Number(this.searchChanged) + Number(this.wordsChanged) + Number(this.renamed),
  );

  /** Whether the text is as this panel would write it. */
  readonly tidy = $derived(this.broken !== null || this.#state.text === write(this.#state.form, this.#state));

  /** The first field whose typed name is refused. */
  readonly misnamed = $derived(Object.keys(this.schema.properties ?? {}).find((name) => this.nameFault(name) !== null) ?? null);

  get undoable(): boolean {
    return this.#past.length > 0;
  }
  get redoable(): boolean {
    return this.#future.length > 0;
  }

  /** Keeps what is typed as the name of a field; undefined once it is taken over or given up. */
  typeName(field: string, typed: string | undefined): void {
    const others = Object.entries(this.typedNames).filter(([name]) => name !== field);
    this.typedNames = Object.fromEntries(typed === undefined ? others : [...others, [field, typed]]);
  }

  /** Why what is typed as the name of a field can't be one, or null. */
  nameFault(field: string): string | null {
    const typed = this.typedNames[field];
    if (typed === undefined) return null;
    const others = Object.keys(this.schema.properties ?? {}).filter((name) => name !== field);
    return nameFault(typed, others, this.base?.name === 'users' ? 'account field' : 'field');
  }

  /** The name the server knows a field by, or null. */
  stored(name: string): string | null {
    const field = this.schema.properties?.[name];
    return field ? storedName(name, field, this.base?.schema.properties ?? {}) : null;
  }

  /** Changes the schema from the list; the text is written anew. */
  edit(schema: JsonSchema): void {
    this.#write({ schema });
  }

  /** Shows the schema alone, or all of the definition. What is typed and not readable is not lost to it. */
  show(form: Form): void {
    if (form === this.form || this.broken) return;
    this.#step({ ...this.#state, form, text: write(form, this.#state) });
  }

  /** Writes the text anew. */
  format(): void {
    this.#write({});
  }

  /** Renames a field everywhere it is named in the definition. */
  rename(from: string, to: string): void {
    const schema = renameField(this.schema, from, to, this.stored(from));
    const indexes = this.indexes.map((index) => ({
      ...index,
      fields: index.fields.map((field) => (field === from ? to : field === `-${from}` ? `-${to}` : field)),
    }));
    this.#write({ schema, indexes });
  }

  /** Takes a field out, and out of the indexes. */
  remove(name: string): void {
    const schema = removeField(this.schema, name);
    const indexes = this.indexes
      .map((index) => ({ ...index, fields: index.fields.filter((field) => field.replace(/^-/, '') !== name) }))
      .filter((index) => index.fields.length > 0);
    this.#write({ schema, indexes });
  }

  /** Puts back a stored field that was removed. */
  restore(name: string): void {
    const field = this.base?.schema.properties?.[name];
    if (!field) return;
    const required = this.base?.schema.required?.includes(name) && !this.schema.required?.includes(name);
    this.edit({
      ...this.schema,
      ...(required && { required: [...(this.schema.required ?? []), name] }),
      properties: { ...this.schema.properties, [name]: field },
    });
  }

  /** Says that a typed-in field is a stored one under a new name. */
  claim(from: string, to: string): void {
    const field = this.schema.properties?.[to];
    if (!field) return;
    this.edit({ ...this.schema, properties: { ...this.schema.properties, [to]: { ...field, [RENAMED_FROM]: from } } });
  }

  setIndexes(indexes: IndexDefinition[]): void {
    this.#write({ indexes });
  }

  setName(name: string): void {
    this.#write({ name }, true);
  }

  /** Takes what was typed into the editor. */
  type(text: string): void {
    if (text === this.#state.text) return;
    const { form, value, broken } = readText(text, this.form);
    this.#step({ ...this.#state, ...value, form, text }, true);
    this.broken = broken;
  }

  undo(): void {
    const last = this.#past.at(-1);
    if (!last) return;
    this.#future = [...this.#future, this.#state];
    this.#past = this.#past.slice(0, -1);
    this.#show(last);
  }

  redo(): void {
    const next = this.#future.at(-1);
    if (!next) return;
    this.#past = [...this.#past, this.#state];
    this.#future = this.#future.slice(0, -1);
    this.#show(next);
  }

  /** Starts over from what the server has. */
  reset(base: Stored | null): void {
    this.base = base;
    const { name, schema, indexes, search } = base ?? empty;
    const { form } = this.#state;
    this.#state = { name, schema, indexes, search, form, text: write(form, { name, schema, indexes, search }) };
    this.#past = [];
    this.#future = [];
    this.broken = null;
    this.typedNames = {};
  }

  /** Puts the draft onto a newer definition; answers the fields that both changed. */
  rebase(theirs: Stored): string[] {
    const base = this.base;
    if (!base) return [];
    const { schema, both } = rebase(base.schema, this.schema, theirs.schema);
    const indexes = this.indexesChanged ? this.indexes : theirs.indexes;
    const name = this.renamed ? this.name : theirs.name;
    const search = this.searchChanged ? this.search : theirs.search;
    this.base = theirs;
    this.#write({ name, schema, indexes, search });
    return both;
  }

  /** What a create takes. */
  get input(): CollectionInput {
    return { name: this.name, schema: this.schema, indexes: this.indexes, ...(this.search.length > 0 && { search: this.search }) };
  }

  /** What an update takes: only what differs. */
  get patch(): Partial<CollectionInput> {
    return {
      ...(this.renamed && { name: this.name }),
      ...(JSON.stringify(this.base?.schema) !== JSON.stringify(this.schema) && { schema: this.schema }),
      ...(this.indexesChanged && { indexes: this.indexes }),
      ...(this.searchChanged && { search: this.search }),
    };
  }

  /** Changes the definition from outside the text, which is written anew if it holds what changed. */
  #write(change: Partial<Definition>, typing = false): void {
    const next = { ...this.#state, ...change };
    const held = next.form === 'definition' || change.schema !== undefined || Object.keys(change).length === 0;
    this.#step(held ? { ...next, text: write(next.form, next) } : next, typing);
    if (held) this.broken = null;
  }

  #step(next: State, typing = false): void {
    const now = Date.now();
    const joins = typing && now - this.#typedAt < TYPING_MS;
    this.#typedAt = typing ? now : 0;
    if (!joins) this.#past = [...this.#past, this.#state].slice(-STEPS);
    this.#future = [];
    this.#state = next;
  }

  #show(state: State): void {
    this.#state = state;
    this.#typedAt = 0;
    this.broken = readText(state.text, state.form).broken;
  }
}

/** What the text says, or why it says nothing and where. */
function readText(text: string, before: Form): { form: Form; value: Partial<Definition> | null; broken: Broken | null } {
  try {
    const source = parseSource(text);
    const { form, value, fault } = read(source.value, before);
    const broken = fault && { message: fault.message, at: source.places.get(fault.pointer)?.keyFrom ?? 0 };
    return { form, value, broken };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { form: before, value: null, broken: { message: error.message, at: error.at } };
  }
}

function words(schema: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'properties' && keyword !== 'required'));
}

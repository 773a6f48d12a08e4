/** What the pieces of the screen share: the collection, the view of the URL, the live rows, and what can be done to them. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { recountSoon } from '../../catalog/recount';
import { invalidate } from '../../query/query.svelte';
import { router } from '../../router/router.svelte';
import { confirm } from '../../ui/float/confirm.svelte';
import { toasts } from '../../ui/float/toasts.svelte';
import { counted } from '../../ui/number';
import { addPart } from './cel/chain';
import { partFor } from './cel/partFor';
import type { Asked } from './code';
import { columnsOf, shownColumns, type Column } from './columns';
import { dependantsOf } from './dependants';
import { CellEdits, type Done } from './grid/edits.svelte';
import { GridState } from './grid/state.svelte';
import { Feed } from './live/feed.svelte';
import { expandOf, labelsOf } from './live/relations';
import type { Row } from './live/rows';
import { shortText } from './values/text';
import { queryOf, viewOf, type SortKey, type View } from './view';
import { ownFields } from './write/body';
import { History } from './write/history.svelte';
import { BATCH, recordsOf, type Seen } from './write/records';
import { save, takeBack } from './write/save';

export class RecordsScreen {
  readonly name: string;
  readonly feed: Feed;
  readonly records;
  readonly history = new History();
  readonly grid = new GridState();
  readonly edits: CellEdits;
  definition = $state.raw<CollectionDefinition>() as CollectionDefinition;
  /** All collections, for the labels of relations. */
  definitions = $state.raw<readonly CollectionDefinition[]>([]);

  readonly view: View = $derived(viewOf(router.query));
  readonly all: Column[] = $derived(columnsOf(this.definition));
  readonly columns: Column[] = $derived(shownColumns(this.all, this.view.columns));
  /** The keys of the address that this collection can be sorted by. */
  readonly sort: SortKey[] = $derived(this.view.sort.filter(({ field }) => this.all.some(({ name, sortable }) => name === field && sortable)));
  /** The view as code asks for it. */
  readonly asked: Asked = $derived.by(() => ({
    collection: this.name,
    filter: this.view.filter,
    sort: this.sort,
    expand: this.columns.filter(({ target }) => target !== undefined).map(({ name }) => name),
  }));
  readonly labels = $derived(labelsOf(this.definitions));
  readonly expand = $derived(expandOf(this.all, this.labels));
  /** The chosen rows that are still there, in the order of the grid. */
  readonly chosen: Row[] = $derived.by(() => {
    const { chosen } = this.grid;
    return this.feed.rows.entries.filter(({ record, gone }) => !gone && chosen.has(record.id)).map(({ record }) => record);
  });
  /** The fields that a client may write. */
  readonly own: string[] = $derived(this.all.filter(({ readOnly }) => !readOnly).map(({ name }) => name));
  /** Accounts come and go on their own screen: a record of `users` has no password. */
  readonly accounts = $derived(this.definition.system && this.definition.name === 'users');

  /** `onresync` hears that the definition may have changed under the open feed. */
  constructor(definition: CollectionDefinition, definitions: readonly CollectionDefinition[], onresync: () => void) {
    this.definition = definition;
    this.definitions = definitions;
    this.name = definition.name;
    this.feed = new Feed(definition.name, { onresync, onamount: () => recountSoon(definition.name) });
    this.records = recordsOf(definition.name, () => this.expand);
    this.edits = new CellEdits({
      records: this.records,
      own: () => this.own,
      expect: (id) => this.feed.expect(id),
      done: (done) => this.edited(done),
      during: (write) => this.history.during(write),
    });
  }

  /** Changes a part of the view; a new filter, order or record is a step in the history, the rest is not. */
  show(part: Partial<View>, options: { push?: boolean } = {}): void {
    router.setQuery(queryOf(part), options);
  }

  /** Narrows to the records that hold the same, or not the same. */
  filterBy(record: Row, column: Column, not = false): void {
    const part = partFor(column, record[column.name], not);
    if (part) this.show({ filter: addPart(this.view.filter, part) }, { push: true });
  }

  open(id: string | null, options: { push?: boolean } = { push: true }): void {
    this.show({ record: id, ...(id === null && { tab: 'fields' }) }, options);
  }

  /** Takes in what a write of this page brought, and remembers how to take it back. */
  edited({ before, after, changes }: Done): void {
    this.feed.put(after.record);
    const fields = Object.keys(changes);
    const [first = ''] = fields;
    const column = this.all.find(({ name }) => name === first);
    const text = fields.length === 1 && column ? `${first} set to ${shortText(column, changes[first], 40)}` : `${counted(fields.length, 'field')} changed`;
    let last = after;
    this.history.add({
      text,
      back: async () => {
        last = this.#taken(await takeBack(this.records, before, last, changes, this.own));
      },
      forth: async () => {
        last = this.#taken(await save(this.records, last, changes, this.own));
      },
    });
  }

  /** Takes in a record that was just made. */
  created({ record }: Seen): void {
    this.feed.insert(record);
    this.#countAnew();
    const data = { ...ownFields(record, this.own) };
    this.history.add({
      text: `Created ${counted(1, 'record')} in ${this.name}`,
      back: async () => {
        await this.records.deleteAll([record.id]);
        this.#left([record.id]);
      },
      forth: () => this.#restore([{ id: record.id, data }]),
    });
  }

  /** Deletes records, if the person agrees to what goes with them. Answers whether they are gone. */
  async remove(records: readonly Row[]): Promise<boolean> {
    if (records.length === 0 || !(await this.#mayDelete(records.length))) return false;
    return this.history.during(this.#remove(records));
  }

  async #remove(records: readonly Row[]): Promise<boolean> {
    const ids = records.map(({ id }) => id);
    const what = `${counted(ids.length, 'record')} of ${this.name}`;
    try {
      await this.#delete(ids);
    } catch (error) {
      toasts.fail(`Not deleted: ${what}`, error);
      return false;
    }
    // Made again in the order in which they were made, so that they sort alike.
    const kept = records
      .toSorted((a, b) => (String(a.createdAt) < String(b.createdAt) ? -1 : 1))
      .map((record) => ({ id: record.id, data: ownFields(record, this.own) }));
    this.history.add({ text: `Deleted ${what}`, back: () => this.#restore(kept), forth: () => this.#delete(ids) });
    return true;
  }

  async #mayDelete(count: number): Promise<boolean> {
    const { cascading, unsetting } = dependantsOf(this.name, this.definitions);
    if (cascading.length === 0 && unsetting.length === 0) return true;
    const lost = [
      ...cascading.map((place) => `Records that point here by ${place} are deleted too.`),
      ...unsetting.map((place) => `${place} is unset where it points here.`),
    ];
    return confirm({
      title: `Delete ${counted(count, 'record')} of ${this.name}?`,
      text: `${lost.join(' ')} Undo brings back the records of ${this.name} alone.`,
      verb: `Delete ${counted(count, 'record')}`,
      keep: 'Keep',
      danger: true,
    });
  }

  async #delete(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += BATCH) {
      const part = ids.slice(at, at + BATCH);
      await this.records.deleteAll(part);
      this.#left(part);
    }
  }

  async #restore(kept: readonly { id: string; data: Record<string, unknown> }[]): Promise<void> {
    for (let at = 0; at < kept.length; at += BATCH) {
      for (const record of await this.records.restoreAll(kept.slice(at, at + BATCH))) this.feed.insert(record);
    }
    this.#countAnew();
  }

  #left(ids: readonly string[]): void {
    this.feed.remove(ids);
    this.grid.drop(ids);
    if (ids.includes(this.view.record ?? '')) this.open(null, {});
    this.#countAnew();
  }

  #taken(saved: Awaited<ReturnType<typeof save>>): Seen {
    if (saved.outcome === 'conflict') {
      const fields = saved.merge.conflicts.map(({ field }) => field).join(', ');
      throw new Error(`${fields} was changed again since. Open the record to compare.`);
    }
    this.feed.put(saved.seen.record);
    return saved.seen;
  }

  /** The rail's counts are asked anew. */
  #countAnew(): void {
    void invalidate('rows');
  }
}

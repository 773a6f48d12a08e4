/**
 * The rows of one query, kept true. What is listed before the subscription is live is listed once more when it is, so
 * that no change falls between; with an open socket the list waits for that moment instead. The pages behind
 * the first come by cursor as they are scrolled to. Changes are taken in a few times a second at most, since a busy
 * collection must not keep the page from drawing. After a `resync` everything shown is read again.
 */
import { PlinthError, type Status } from '@plinth/client';
import { client } from '../../../session/client';
import { fromWire } from '../../../session/exactWire';
import { effectiveSort, orderBy, type SortKey } from '../view';
import { comparing } from './order';
import { applied, firstPage, inserted, nextPage, noRows, replaced, settled, swept, without, type Change, type Order, type Row, type Rows } from './rows';

/** What is asked. */
export interface Question {
  filter: string;
  sort: SortKey[];
  /** Which relations to bring, with the fields that label their records. */
  expand: Record<string, true | { select: string[] }>;
}

/** The first page fills a tall window; later ones come while there is still something to scroll. */
const FIRST = 100;
const NEXT = 200;
/** What a list gives at most. */
const MOST = 500;
/** A list waits this long for a subscription that should be live at once. */
const PATIENCE_MS = 250;
/** Changes are gathered this long. */
const GATHER_MS = 60;
/** A shadow fades this long before it may go. */
const FADE_MS = 1400;
/** A count that took longer is not repeated by itself. */
const QUICK_COUNT_MS = 300;
const RECOUNT_MS = 2000;
/** The change that a write of ours makes comes back within this. */
const OWN_MS = 2000;

export class Feed {
  rows = $state.raw<Rows>(noRows);
  /** Nothing has come yet. */
  pending = $state(true);
  /** A list is under way; what is shown is the answer before. */
  loading = $state(true);
  loadingMore = $state(false);
  /** Why the list was refused. */
  error = $state.raw<unknown>();
  /** Why the next page did not come. */
  moreError = $state.raw<unknown>();
  status = $state<Status>('connecting');
  /** Why there are no live changes. */
  refusal = $state.raw<PlinthError>();
  /** How many match; null until it was asked for. */
  total = $state<number | null>(null);
  counting = $state(false);

  readonly #collection: string;
  /** Changes may be missing, as after a change of the definition: everything is read again. */
  readonly #onresync: () => void;
  /** Records came or went. */
  readonly #onamount: () => void;
  #question: Question = { filter: '', sort: [], expand: {} };
  #order: Order = () => 0;
  #run = 0;
  /** The list of this question was asked for, and whether it was before the subscription was live. */
  #listed: 'not yet' | 'early' | 'live' = 'not yet';
  /** There was a live subscription before: the socket is open. */
  #connected = false;
  #listings = 0;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #off: (() => void) | undefined;
  /** Changes that wait for the first page or for the next moment of taking in. */
  #changes: Change[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #sweeping: ReturnType<typeof setTimeout> | undefined;
  #recounting: ReturnType<typeof setTimeout> | undefined;
  #countTook = 0;
  /** Ids that this page writes right now, with the moment. */
  #quiet: Record<string, number> = {};
  #held = false;

  constructor(collection: string, { onresync = () => undefined, onamount = () => undefined }: { onresync?: () => void; onamount?: () => void } = {}) {
    this.#collection = collection;
    this.#onresync = onresync;
    this.#onamount = onamount;
  }

  /** Asks anew. What is shown stays until the answer is there. */
  ask(question: Question): void {
    this.#stop();
    this.#question = question;
    this.#order = comparing(orderBy(effectiveSort(question.sort)));
    this.loading = true;
    const run = this.#run;
    this.#follow(run);
    if (this.#connected) this.#patience = setTimeout(() => this.#list(run, 'early'), PATIENCE_MS);
    else this.#list(run, 'early');
  }

  /** Asks the same again. */
  reload(): void {
    this.ask(this.#question);
  }

  /** Brings the next page, if there is one. */
  async more(): Promise<void> {
    const { next } = this.rows;
    if (next === null || this.loadingMore || this.loading) return;
    const run = this.#run;
    this.loadingMore = true;
    this.moreError = undefined;
    try {
      const page = await this.#page(NEXT, next);
      if (run !== this.#run) return;
      this.rows = nextPage(this.rows, page.items, page.nextCursor);
      // The last page is a count as well.
      if (page.nextCursor === null) this.total = this.rows.entries.filter(({ gone }) => !gone).length + this.rows.waiting.size;
    } catch (error) {
      if (run === this.#run) this.moreError = error;
    } finally {
      if (run === this.#run) this.loadingMore = false;
    }
  }

  /** Counts what matches, exactly. */
  async count(): Promise<void> {
    const run = this.#run;
    const started = performance.now();
    this.counting = true;
    try {
      const { filter } = this.#question;
      const { total } = await client.collection(this.#collection).list({ ...(filter && { filter }), limit: 1, select: ['id'], count: 'exact' });
      if (run !== this.#run) return;
      this.total = total ?? null;
      this.#countTook = performance.now() - started;
    } finally {
      if (run === this.#run) this.counting = false;
    }
  }

  /** Shows the rows that wait. */
  reveal(): void {
    this.#take();
    this.rows = settled(this.rows, this.#order, Date.now());
  }

  /** While held, as under the pointer or in an edit, nothing is taken away from below it. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.#sweepLater();
  }

  /** A record of ours: its change does not flash. Ends with `put`, or by itself after a while. */
  expect(id: string): void {
    this.#quiet[id] = Date.now();
  }

  /** The record as a write of this page brought it. */
  put(record: Row): void {
    this.#take();
    this.rows = replaced(this.rows, record);
  }

  /** A record that this page made. */
  insert(record: Row): void {
    this.#take();
    this.rows = inserted(this.rows, record, this.#order);
  }

  /** Records that this page deleted. */
  remove(ids: readonly string[]): void {
    this.#take();
    this.rows = without(this.rows, ids);
  }

  close(): void {
    this.#stop();
  }

  #stop(): void {
    this.#run++;
    this.#off?.();
    this.#off = undefined;
    [this.#patience, this.#gathering, this.#sweeping, this.#recounting].forEach(clearTimeout);
    this.#patience = this.#gathering = this.#sweeping = this.#recounting = undefined;
    this.#listed = 'not yet';
    this.#changes = [];
    this.loadingMore = false;
    this.counting = false;
    this.moreError = undefined;
  }

  #follow(run: number): void {
    const { filter, expand } = this.#question;
    this.refusal = undefined;
    this.#off = client.collection(this.#collection).subscribe(
      { ...(filter && { filter }), expand },
      {
        event: (change) => {
          if (run === this.#run) this.#gather(fromWire(change) as unknown as Change);
        },
        resync: () => {
          if (run !== this.#run) return;
          this.#onresync();
          this.reload();
        },
        status: (status, error) => {
          if (run !== this.#run) return;
          this.status = status;
          this.refusal = error;
          this.#connected = status === 'live';
          if (status === 'live' && this.#listed !== 'live') this.#list(run, 'live');
          else if (status !== 'connecting' && this.#listed === 'not yet') this.#list(run, 'early');
          // The list failed for want of the connection that is back now.
          else if (status === 'live' && this.error instanceof PlinthError && this.error.isNetwork) this.reload();
        },
      },
    );
  }

  #list(run: number, when: 'early' | 'live'): void {
    if (run !== this.#run) return;
    clearTimeout(this.#patience);
    // What was listed before is listed again as far as it has been scrolled to.
    const limit = this.#listed === 'early' && !this.loading ? Math.max(FIRST, this.rows.entries.length) : FIRST;
    this.#listed = when;
    void this.#load(run, Math.min(limit, MOST));
  }

  async #load(run: number, limit: number): Promise<void> {
    const listing = ++this.#listings;
    const current = () => run === this.#run && listing === this.#listings;
    this.loading = true;
    try {
      const page = await this.#page(limit);
      if (!current()) return;
      this.rows = firstPage(page.items, page.nextCursor);
      this.error = undefined;
      this.pending = false;
      this.total = page.nextCursor === null ? page.items.length : null;
    } catch (error) {
      if (!current()) return;
      this.error = error;
      this.total = null;
    } finally {
      if (current()) {
        this.loading = false;
        this.#take();
      }
    }
  }

  async #page(limit: number, cursor?: string): Promise<{ items: Row[]; nextCursor: string | null }> {
    const { filter, sort, expand } = this.#question;
    const page = await client.collection(this.#collection).list({
      ...(filter && { filter }),
      ...(cursor && { cursor }),
      orderBy: orderBy(effectiveSort(sort)),
      expand,
      limit,
    });
    return { items: fromWire(page.items) as Row[], nextCursor: page.nextCursor };
  }

  #gather(change: Change): void {
    this.#changes.push(change);
    this.#gathering ??= setTimeout(() => this.#take(), GATHER_MS);
  }

  #take(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.loading || this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    const now = Date.now();
    this.#quiet = Object.fromEntries(Object.entries(this.#quiet).filter(([, at]) => now - at < OWN_MS));
    this.rows = applied(this.rows, changes, this.#order, now, (id) => id in this.#quiet);
    // Where nothing is shown nothing can move.
    if (this.rows.entries.length === 0) this.rows = settled(this.rows, this.#order, now);
    if (changes.some(({ type }) => type !== 'update')) {
      this.#recountLater();
      this.#onamount();
    }
    this.#sweepLater();
  }

  #sweepLater(): void {
    if (this.#sweeping || !this.rows.entries.some(({ gone }) => gone)) return;
    this.#sweeping = setTimeout(() => {
      this.#sweeping = undefined;
      if (!this.#held) this.rows = swept(this.rows);
    }, FADE_MS);
  }

  /** A total that is shown stays true; one that was slow to get is dropped rather than asked again and again. */
  #recountLater(): void {
    if (this.total === null) return;
    if (this.#countTook > QUICK_COUNT_MS) {
      this.total = null;
      return;
    }
    this.#recounting ??= setTimeout(() => {
      this.#recounting = undefined;
      // A count that fails leaves the old one, which the next change replaces.
      this.count().catch(() => (this.total = null));
    }, RECOUNT_MS);
  }
}

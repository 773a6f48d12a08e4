/** Where the cell cursor stands and which rows are chosen. Both hold on to records, not to places, since rows come and go. */
import { SvelteSet } from 'svelte/reactivity';

export interface CellPlace {
  id: string;
  column: string;
}

export class GridState {
  /** The cell that keys act on. */
  cursor = $state.raw<CellPlace | null>(null);
  /** Chosen rows by id. */
  readonly chosen = new SvelteSet<string>();
  /** Where a range of rows starts. */
  #anchor: string | null = null;

  /** Moves the cursor by rows and columns, within what is there; the first move enters at the top. */
  move(rows: number, columns: number, ids: readonly string[], names: readonly string[]): void {
    if (ids.length === 0 || names.length === 0) return;
    const row = ids.indexOf(this.cursor?.id ?? '');
    const column = names.indexOf(this.cursor?.column ?? '');
    if (row < 0) {
      // The first column is the id, which nobody edits.
      this.place(ids[0] ?? '', names[column < 0 ? Math.min(1, names.length - 1) : column] ?? '');
      return;
    }
    const next = (at: number, by: number, count: number) => Math.min(count - 1, Math.max(0, at + by));
    this.place(ids[next(row, rows, ids.length)] ?? '', names[next(Math.max(0, column), columns, names.length)] ?? '');
  }

  place(id: string, column: string): void {
    this.cursor = { id, column };
  }

  /** Chooses or lets go of a row; with `range`, all rows from the last one that was touched. */
  toggle(id: string, ids: readonly string[], range = false): void {
    const from = ids.indexOf(this.#anchor ?? '');
    const to = ids.indexOf(id);
    if (range && from >= 0 && to >= 0) {
      for (const other of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) this.chosen.add(other);
    } else if (this.chosen.has(id)) this.chosen.delete(id);
    else this.chosen.add(id);
    this.#anchor = id;
  }

  /** All rows that are loaded, or none. */
  toggleAll(ids: readonly string[]): void {
    const all = ids.length > 0 && ids.every((id) => this.chosen.has(id));
    this.chosen.clear();
    if (!all) for (const id of ids) this.chosen.add(id);
  }

  /** Forgets rows that are gone. */
  drop(ids: Iterable<string>): void {
    for (const id of ids) this.chosen.delete(id);
  }
}

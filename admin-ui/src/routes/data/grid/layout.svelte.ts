/** Where things are in the grid: what is in sight of its rows and columns, and which elements show it. */
import type { Column } from '../columns';
import { inSight, scrollAcross, trackOf, type Track } from './across';
import type { Looks } from './looks.svelte';
import { scrollTo, slice, slotted, type Slice } from './window';

/** The head, which stays above the rows. */
export const HEAD = 32;
/** The column of boxes to choose with. */
const BOX = 52;
/** Rows beyond what is in sight, on both sides. */
const SPARE = 8;

/** What the layout looks at; each is asked when it matters. */
interface Ports {
  looks: Looks;
  columns: () => readonly Column[];
  count: () => number;
  /** The width that suits what a column holds. */
  fit: (column: Column) => number;
  /** The place of the row that is written in, or -1. */
  editing: () => number;
}

export class Layout {
  /** The scroll position, and the size of the window on the rows with its head. */
  top = $state(0);
  left = $state(0);
  height = $state(600);
  breadth = $state(1000);
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  readonly row: number = $derived.by(() => this.#ports.looks.rowHeight);
  readonly seen: Slice = $derived.by(() => slice(this.top, this.height - HEAD, this.row, this.#ports.count(), SPARE));

  /**
   * Elements for rows: each keeps its place in the page and shows whichever row is in sight there, which makes a scroll
   * a change of texts. The row that is written in has its own, so that its editor goes on wherever one scrolls.
   */
  readonly drawn: { slot: number; at: number }[] = $derived.by(() => {
    const slots = Math.ceil((this.height - HEAD) / this.row) + 2 * SPARE + 1;
    const editing = this.#ports.editing();
    const rows = slotted(this.seen, slots).filter(({ at }) => at !== editing);
    return editing >= 0 ? [...rows, { slot: -1, at: editing }] : rows;
  });

  readonly #widths: number[] = $derived.by(() => this.#ports.columns().map((column) => this.#ports.looks.widths[column.name] ?? this.#ports.fit(column)));
  readonly #track: Track = $derived.by(() => trackOf(BOX, this.#widths));
  /** As narrow as the rows can be. */
  readonly least: number = $derived.by(() => (this.#track.starts.at(-1) ?? 0) + (this.#widths.at(-1) ?? 0));

  /** The columns of a row as CSS has them. */
  readonly template: string = $derived.by(() => {
    const { looks, columns } = this.#ports;
    const tracks = columns().map((column, at) => {
      const width = `${this.#widths[at] ?? column.width}px`;
      return column.grows && looks.widths[column.name] === undefined ? `minmax(${width}, 1fr)` : width;
    });
    return [`${BOX}px`, ...tracks].join(' ');
  });

  /** The places of the columns that are drawn. Where all fit, the one that grows takes the rest, and all are. */
  readonly across: number[] = $derived.by(() => {
    if (this.least <= this.breadth) return [...this.#ports.columns().keys()];
    return inSight(this.#track, this.left, this.breadth);
  });

  /** The rows in sight, from 1. */
  readonly sight: { from: number; to: number } = $derived.by(() => {
    const count = this.#ports.count();
    const first = Math.floor(this.top / this.row) + 1;
    return { from: Math.min(first, count), to: Math.min(count, Math.max(0, Math.floor((this.top + this.height - HEAD) / this.row))) };
  });

  /** How many rows Page Down goes. */
  get page(): number {
    return Math.max(1, Math.floor((this.height - HEAD) / this.row) - 1);
  }

  /** The nearest scroll position that shows the cell at these places. */
  scrollTo(row: number, column: number): { top: number; left: number } {
    return {
      top: scrollTo(row, this.top, this.height - HEAD, this.row),
      left: this.least <= this.breadth ? 0 : scrollAcross(column, this.#track, this.left, this.breadth),
    };
  }
}

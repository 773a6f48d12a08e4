/** How a person likes the grid: row height for all, widths per collection. Kept in this browser; the URL has what others should see too. */

export type Density = 'compact' | 'normal' | 'roomy';

const rowHeights: Record<Density, number> = { compact: 28, normal: 32, roomy: 40 };

const DENSITY = 'plinth.rows';
const NARROWEST = 64;
const WIDEST = 1200;

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage may be blocked; then a choice lasts as long as the page.
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

export class Looks {
  density = $state<Density>(densityOf(read(DENSITY)));
  /** Widths that were dragged, by column. */
  widths = $state.raw<Readonly<Record<string, number>>>({});
  /** Widths that were measured for what the columns hold; kept for as long as the screen stands. */
  readonly #fitted: Record<string, number> = {};
  readonly #key: string;

  constructor(collection: string) {
    this.#key = `plinth.widths.${collection}`;
    this.widths = widthsOf(read(this.#key));
  }

  /** The measured width of a column; `measure` is asked once. */
  fitted(column: string, measure: () => number): number {
    return (this.#fitted[column] ??= measure());
  }

  get rowHeight(): number {
    return rowHeights[this.density];
  }

  choose(density: Density): void {
    this.density = density;
    write(DENSITY, density);
  }

  /** Sets a width, or with null gives the column its own back. */
  resize(column: string, width: number | null): void {
    const rest = Object.fromEntries(Object.entries(this.widths).filter(([name]) => name !== column));
    this.widths = width === null ? rest : { ...rest, [column]: Math.min(WIDEST, Math.max(NARROWEST, width)) };
    write(this.#key, JSON.stringify(this.widths));
  }
}

/** What was stored by somebody else under our key is no width. */
function widthsOf(text: string | null): Record<string, number> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, width]) => typeof width === 'number' && width >= NARROWEST && width <= WIDEST)) as Record<string, number>;
  } catch {
    return {};
  }
}

function densityOf(text: string | null): Density {
  return text === 'compact' || text === 'roomy' ? text : 'normal';
}

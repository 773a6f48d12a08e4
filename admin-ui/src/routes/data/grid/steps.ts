/** How far a key moves the cell cursor. */

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** Rows and columns to go, infinitely far for the ends; null where the key moves nothing. `page` is a window of rows. */
export function stepOf({ key, ctrlKey, metaKey, altKey }: Press, page: number): [rows: number, columns: number] | null {
  if (altKey) return null;
  const mod = ctrlKey || metaKey;
  if (key === 'Home') return mod ? [-Infinity, -Infinity] : [0, -Infinity];
  if (key === 'End') return mod ? [Infinity, Infinity] : [0, Infinity];
  if (mod) return null;
  const steps: Record<string, [number, number]> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    PageDown: [page, 0],
    PageUp: [-page, 0],
  };
  return steps[key] ?? null;
}

/** The element id of a cell, by which the grid tells a screen reader where the cursor is. */
export function cellId(record: string, column: string): string {
  return `cell-${record}-${column}`;
}

/** Where a link of the rail leads, and whether it is where we are. */

/** Whether `path` is the screen at `section` or below it. */
export function inSection(section: string, path: string): boolean {
  return path === section || path.startsWith(`${section}/`);
}

/** A collection opens in the screen one is on where that screen has one: its schema from a schema, else its data. */
export function placeOf(collection: string, path: string): string {
  const section = inSection('/schema', path) ? 'schema' : 'data';
  return `/${section}/${encodeURIComponent(collection)}`;
}

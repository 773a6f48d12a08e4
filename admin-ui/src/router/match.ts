/** Paths and patterns: `/data/:collection` matches `/data/messages` with `{collection: 'messages'}`. */

export type Params = Record<string, string>;

/** The params of `path` under `pattern`, or null. Each segment is decoded; a broken escape matches nothing. */
export function match(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const found = segments(path);
  if (wanted.length !== found.length) return null;
  const params: Params = {};
  for (const [index, segment] of wanted.entries()) {
    const value = found[index] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== value) return null;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(value);
    } catch {
      return null;
    }
  }
  return params;
}

/** `pattern` with its params filled in and escaped. */
export function fill(pattern: string, params: Params): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

function segments(path: string): string[] {
  return path.split('/').filter(Boolean);
}

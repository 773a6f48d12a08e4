/** The token of the set-up link, wherever a person pasted it from. */

/** From `#token=…` of the address; empty when there is none. */
export function tokenOfHash(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token')?.trim() ?? '';
}

/** From what was pasted: the token alone, or the whole link. */
export function tokenOfText(text: string): string {
  const trimmed = text.trim();
  const at = trimmed.indexOf('#');
  return at < 0 ? trimmed : tokenOfHash(trimmed.slice(at));
}

/** The lines of the menu that this account is let into. */
import { nav } from '../routes';
import { session } from '../session/session.svelte';

/** In rail order; follows the session. */
export function menu(): typeof nav {
  return nav.filter(({ needs }) => needs === undefined || session.parts.has(needs));
}

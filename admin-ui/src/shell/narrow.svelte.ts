/** The two widths at which the shell changes; the same numbers as in `tokens.css`. */
import { MediaQuery } from 'svelte/reactivity';

const rail = new MediaQuery('max-width: 1099px');
const phone = new MediaQuery('max-width: 639px');

export const narrow = {
  /** The rail shows icons only. */
  get rail(): boolean {
    return rail.current;
  },
  /** The rail is a bar at the bottom, and tables become cards. */
  get phone(): boolean {
    return phone.current;
  },
};

/** Whether fields and JSON fit beside one another. */
import { MediaQuery } from 'svelte/reactivity';

const wide = new MediaQuery('min-width: 900px');

export const room = {
  get both(): boolean {
    return wide.current;
  },
};

/** Light, dark or the system's choice; remembered per browser, and set before first paint by `public/theme.js`. */

import { MediaQuery } from 'svelte/reactivity';

export type Theme = 'light' | 'dark' | 'auto';

const KEY = 'plinth.theme';
const systemDark = new MediaQuery('(prefers-color-scheme: dark)');

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    // Storage may be blocked; then the choice lasts as long as the page.
    return 'auto';
  }
}

class ThemeChoice {
  current = $state<Theme>(stored());

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      if (theme === 'auto') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // As above: the page keeps it, the browser does not.
    }
  }

  /** What the person sees now. */
  get shown(): 'light' | 'dark' {
    if (this.current !== 'auto') return this.current;
    return systemDark.current ? 'dark' : 'light';
  }

  /** The other one of what is seen. */
  flip(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark');
  }
}

/** The theme of this browser. */
export const theme = new ThemeChoice();

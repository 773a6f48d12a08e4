/** What a Lucide import is, for props that take one. */
import type { Component } from 'svelte';

/** A glyph for `<Icon>`, as `import Database from '@lucide/svelte/icons/database'` gives it. */
export type Glyph = Component<{
  size?: number | string;
  strokeWidth?: number | string;
  'aria-hidden'?: 'true';
}>;

/** What a folder in `routes/` says of itself in its `route.ts`. */
import type { Component } from 'svelte';
import type { Part } from '../session/access';
import type { Glyph } from '../ui/icon';
import type { Params } from './match';

/** One line of the rail. It exists only because its route exists. */
export interface NavEntry {
  label: string;
  icon: Glyph;
  /** `g d` and the like; listed in the sheet. */
  keys: string;
  /** Rail order; a new group starts at each full hundred. */
  order: number;
  /** The part of the administration it needs: shown only to those who are let in. To all who use the panel, if not said. */
  needs?: Part;
}

export interface Route {
  /** `/data/:collection`; the first segment says which line of the rail is lit. */
  path: string;
  /** Shown in the window title. */
  title: (params: Params) => string;
  /** The screen, in a chunk of its own. It gets `params` as its only prop, if it takes any. */
  load: () => Promise<{ default: Component<{ params: Params }> | Component<Record<string, never>> }>;
  /** `bare` screens stand without the shell and without a session. */
  frame?: 'shell' | 'bare';
  nav?: NavEntry;
  /** The params whose change makes a new screen; the rest only changes its props. All, if not said. */
  keyed?: string[];
}

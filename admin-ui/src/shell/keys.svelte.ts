/** The keyboard map: every shortcut is registered here, so that the sheet under `?` lists what really works. */
import { chordOf, printedKeys } from './chord';
import { closeTopLayer, hasNativeLayer } from './layers';

interface Shortcut {
  /** See `chord.ts`: `mod+s`, `n`, `g d`. */
  keys: string;
  /** What it does, as the sheet says it. */
  label: string;
  /** Heading in the sheet: Everywhere, Go to, or the screen's name. */
  group: string;
  run: () => void;
  /** Whether it works while typing in a field. Chords with `mod` do unless this is false, all others only if true. */
  inFields?: boolean;
}

const SEQUENCE_MS = 1200;

/** ⌘ or Ctrl. */
export const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);

// Raw: a proxy of a shortcut would not be the one to take out again.
let all = $state.raw<Shortcut[]>([]);
let pending: { first: string; at: number } | undefined;

/** Registers shortcuts while an effect lives: `$effect(() => shortcuts([...]))`. The newest wins. */
export function shortcuts(added: Shortcut[]): () => void {
  // Reading the list here would tie the caller's effect to it.
  queueMicrotask(() => (all = [...all, ...added]));
  return () => queueMicrotask(() => (all = all.filter((shortcut) => !added.includes(shortcut))));
}

/** What is registered now, for the sheet. */
export function registered(): readonly Shortcut[] {
  return all;
}

/** The keys as this platform prints them. */
export function keyNames(keys: string): string[] {
  return printedKeys(keys, apple);
}

function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select'));
}

function find(keys: string, typing: boolean): Shortcut | undefined {
  return all.findLast(
    (shortcut) => shortcut.keys === keys && (!typing || (shortcut.inFields ?? keys.startsWith('mod+'))),
  );
}

function startsSequence(chord: string): boolean {
  return all.some((shortcut) => shortcut.keys.startsWith(`${chord} `));
}

/** The one listener of the window. */
export function onkeydown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.key === undefined) return;
  const chord = chordOf(event, apple);
  const typing = inField(event.target);
  if (chord === 'escape') {
    if (hasNativeLayer()) return;
    // A question that the layer asks would be closed by this same press.
    if (closeTopLayer()) event.preventDefault();
    else if (typing) (event.target as HTMLElement).blur();
    return;
  }
  // A modal decides alone what keys do in it.
  if (document.querySelector('dialog:modal')) return;

  const first = pending && performance.now() - pending.at < SEQUENCE_MS ? pending.first : undefined;
  pending = undefined;
  const hit = (first && !typing && find(`${first} ${chord}`, typing)) || find(chord, typing);
  if (hit) {
    event.preventDefault();
    hit.run();
  } else if (!typing && startsSequence(chord)) {
    pending = { first: chord, at: performance.now() };
  }
}

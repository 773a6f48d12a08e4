/** Keys as text: `mod+k`, `shift+/`, `g d` (one after the other), `?`. `mod` is ⌘ on Apple's, Ctrl elsewhere. */

/** One press, in the order ctrl, meta, alt; shift is part of the key where it prints another sign. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** A press as the text that bindings are written in. */
export function chordOf(press: Press, apple: boolean): string {
  const key = press.key === ' ' ? 'space' : press.key.toLowerCase();
  const mod = apple ? press.metaKey : press.ctrlKey;
  // "?" already says shift; "shift+j" and "shift+enter" do not.
  const shift = press.shiftKey && (key.length > 1 || key.toUpperCase() !== key);
  return [mod && 'mod', press.altKey && 'alt', shift && 'shift', key].filter(Boolean).join('+');
}

const names: Record<string, [apple: string, other: string]> = {
  mod: ['⌘', 'Ctrl'],
  alt: ['⌥', 'Alt'],
  shift: ['⇧', 'Shift'],
  enter: ['↵', 'Enter'],
  escape: ['esc', 'Esc'],
  delete: ['⌦', 'Del'],
  backspace: ['⌫', 'Backspace'],
  arrowup: ['↑', '↑'],
  arrowdown: ['↓', '↓'],
  arrowleft: ['←', '←'],
  arrowright: ['→', '→'],
  space: ['Space', 'Space'],
};

/** The keys as the platform prints them, one entry per press: `g d` gives two. */
export function printedKeys(keys: string, apple: boolean): string[] {
  return keys.split(' ').map((press) => {
    const parts = press.split('+').map((part) => {
      const known = names[part];
      if (known) return apple ? known[0] : known[1];
      return part.length === 1 ? part.toUpperCase() : part;
    });
    return parts.join(apple ? '' : ' ');
  });
}

/** What Escape closes: the newest of the open layers that are not native dialogs or popovers. */

type Close = () => void;

const open: Close[] = [];

/** Adds a layer; call the answer when it is gone. Made for `$effect(() => layer(close))`. */
export function layer(close: Close): () => void {
  open.push(close);
  return () => {
    const at = open.lastIndexOf(close);
    if (at >= 0) open.splice(at, 1);
  };
}

/** Whether a native layer is open; it closes itself on Escape. */
export function hasNativeLayer(): boolean {
  return document.querySelector('dialog:modal, :popover-open:not(.tip, .toasts, .attached)') !== null;
}

/** Closes the newest layer of our own; says whether there was one. */
export function closeTopLayer(): boolean {
  const close = open[open.length - 1];
  close?.();
  return close !== undefined;
}

/** Where a floating box goes: below its anchor, above when there is no room, never out of the window. */

const GAP = 4;
const EDGE = 8;

export interface Placing {
  /** Which edges line up. */
  align?: 'start' | 'end' | 'center';
  side?: 'below' | 'right';
  /** At least as wide as the anchor, as the list of a select is. */
  match?: boolean;
}

/** Puts `box` beside `anchor`; both are in the page and `box` has its size. */
export function place(box: HTMLElement, anchor: DOMRect, placing: Placing = {}): void {
  const { align = 'start', side = 'below', match = false } = placing;
  if (match) box.style.minWidth = `${anchor.width}px`;
  const { offsetWidth: width, offsetHeight: height } = box;
  const { innerWidth, innerHeight } = window;

  let left: number;
  let top: number;
  if (side === 'right') {
    left = anchor.right + GAP * 2;
    top = anchor.top + (anchor.height - height) / 2;
  } else {
    left = align === 'start' ? anchor.left : align === 'end' ? anchor.right - width : anchor.left + (anchor.width - width) / 2;
    top = anchor.bottom + GAP;
    const above = anchor.top - GAP - height;
    if (top + height > innerHeight - EDGE && above >= EDGE) top = above;
  }
  box.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - EDGE - width))}px`;
  box.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - EDGE - height))}px`;
}

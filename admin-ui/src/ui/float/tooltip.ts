/** A tooltip as an attachment: `{@attach tooltip('Copy id')}`. One box serves the page; it is in the top layer. */
import type { Attachment } from 'svelte/attachments';
import { place, type Placing } from './place';

const DELAY = 400;

let box: HTMLElement | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

function tip(): HTMLElement {
  if (box) return box;
  box = document.createElement('div');
  box.className = 'tip';
  box.popover = 'manual';
  // The anchor's own accessible name says the same to a screen reader.
  box.setAttribute('aria-hidden', 'true');
  document.body.append(box);
  return box;
}

function hide(): void {
  clearTimeout(timer);
  if (box?.matches(':popover-open')) box.hidePopover();
}

function show(anchor: Element, text: string, placing: Placing): void {
  const target = tip();
  target.textContent = text;
  if (!anchor.isConnected) return;
  if (!target.matches(':popover-open')) target.showPopover();
  place(target, anchor.getBoundingClientRect(), placing);
}

function later(anchor: Element, text: string, placing: Placing, delay = DELAY): void {
  clearTimeout(timer);
  timer = setTimeout(() => show(anchor, text, placing), delay);
}

/** Shows what an ellipsis cut off, wherever the pointer rests on it; for the whole page, until the answer is called. */
export function tellCut(): () => void {
  let over: Element | null = null;
  const look = ({ target, pointerType }: PointerEvent) => {
    const cut = pointerType === 'mouse' && target instanceof Element ? target.closest('.clip') : null;
    if (cut === over) return;
    if (over) hide();
    over = cut;
    if (cut && cut.scrollWidth > cut.clientWidth) later(cut, cut.textContent.trim(), { align: 'start' });
  };
  document.addEventListener('pointerover', look);
  document.addEventListener('pointerdown', hide);
  return () => {
    document.removeEventListener('pointerover', look);
    document.removeEventListener('pointerdown', hide);
  };
}

/** Shows `text` on hover after a moment, and at once on keyboard focus. Nothing for an empty text. */
export function tooltip(text: string | null | undefined, placing: Placing = { align: 'center' }): Attachment<Element> {
  return (anchor) => {
    if (!text) return;
    const wait = () => later(anchor, text, placing);
    const focus = () => {
      // Not within the event: a popover that opens gives the keyboard back first, and none opens while another does.
      if (anchor.matches(':focus-visible')) later(anchor, text, placing, 0);
    };
    anchor.addEventListener('pointerenter', wait);
    anchor.addEventListener('pointerleave', hide);
    anchor.addEventListener('pointerdown', hide);
    anchor.addEventListener('focus', focus);
    anchor.addEventListener('blur', hide);
    return () => {
      hide();
      anchor.removeEventListener('pointerenter', wait);
      anchor.removeEventListener('pointerleave', hide);
      anchor.removeEventListener('pointerdown', hide);
      anchor.removeEventListener('focus', focus);
      anchor.removeEventListener('blur', hide);
    };
  };
}

/** Room at the bottom right that toasts leave free: the buttons of a drawer's foot or of a plan stand there. */
import type { Attachment } from 'svelte/attachments';

class Clearance {
  /** From the window's lower edge to the top of the highest kept element, in pixels. */
  height = $state(0);
  #kept: Element[] = [];

  /** Keeps an element clear while it is there: `{@attach clearance.keep}`. */
  readonly keep: Attachment<Element> = (element) => {
    const observer = new ResizeObserver(() => this.#measure());
    this.#kept.push(element);
    observer.observe(element);
    return () => {
      observer.disconnect();
      this.#kept = this.#kept.filter((other) => other !== element);
      this.#measure();
    };
  };

  #measure(): void {
    const tops = this.#kept.map((element) => element.getBoundingClientRect()).filter((box) => box.height > 0);
    this.height = Math.max(0, ...tops.map((box) => window.innerHeight - box.top));
  }
}

/** The one corner of the page. */
export const clearance = new Clearance();

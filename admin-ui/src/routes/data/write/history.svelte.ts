/** What this page wrote, so that it can be taken back: by the toast for 30 s, and by Ctrl/⌘ Z as long as the page lives. */
import { toasts } from '../../../ui/float/toasts.svelte';

export interface Step {
  /** What was done, as the toast says it: "likes set to 5". */
  text: string;
  back: () => Promise<void>;
  forth: () => Promise<void>;
}

const MOST = 50;

export class History {
  /** The toast of each step, as long as it is there. */
  readonly #toasts = new WeakMap<Step, number>();
  #done: Step[] = [];
  #undone: Step[] = [];
  /** Writes under way: what they do is done before anything is taken back that was asked for after them. */
  #running: readonly Promise<unknown>[] = [];
  /** One after the other: a second Ctrl Z waits for the first. */
  #last: Promise<void> = Promise.resolve();

  /** Follows a write until its step is added. */
  async during<T>(write: Promise<T>): Promise<T> {
    this.#running = [...this.#running, write];
    try {
      return await write;
    } finally {
      this.#running = this.#running.filter((other) => other !== write);
    }
  }

  /** Remembers a step that was just done, and offers to take it back. */
  add(step: Step): void {
    this.#done = [...this.#done, step].slice(-MOST);
    this.#undone = [];
    this.#toasts.set(
      step,
      toasts.say(step.text, () => this.#inTurn(() => this.#take(step))),
    );
  }

  /** Takes the last step back. */
  undo(): Promise<void> {
    return this.#inTurn(() => this.#undo());
  }

  /** Does again what was taken back last. */
  redo(): Promise<void> {
    return this.#inTurn(() => this.#redo());
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(() => Promise.allSettled(this.#running)).then(run);
    // Its failure is told where it was asked for; the next one goes on.
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #undo(): Promise<void> {
    const step = this.#done.at(-1);
    if (!step) return;
    try {
      await this.#take(step);
      toasts.say(`Undone: ${step.text}`);
    } catch (error) {
      toasts.fail(`Not undone: ${step.text}`, error);
    }
  }

  async #redo(): Promise<void> {
    const step = this.#undone.at(-1);
    if (!step) return;
    try {
      await step.forth();
      this.#undone = this.#undone.slice(0, -1);
      this.#done = [...this.#done, step];
      toasts.say(`Done again: ${step.text}`);
    } catch (error) {
      toasts.fail(`Not done again: ${step.text}`, error);
    }
  }

  async #take(step: Step): Promise<void> {
    if (!this.#done.includes(step)) return;
    toasts.close(this.#toasts.get(step) ?? 0);
    await step.back();
    this.#done = this.#done.filter((other) => other !== step);
    this.#undone = [...this.#undone, step];
  }
}

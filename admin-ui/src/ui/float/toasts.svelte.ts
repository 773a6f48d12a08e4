/**
 * Short news at the bottom right: 6 s; with Undo 30 s and a countdown. Errors stay until they are closed. The same
 * news twice is one toast that counts.
 */
import { problemOf, type ShownProblem } from '../../session/problem';

type Undo = () => void | Promise<void>;

interface Toast {
  key: number;
  text: string;
  /** Each time that it was said, the last at the end. */
  said: readonly { id: number; undo?: Undo }[];
  /** Seconds left; absent for those that stay. */
  left?: number;
  problem?: ShownProblem;
  /** A way on from an error: "Compare". */
  action?: { label: string; run: () => void };
}

const PLAIN_SECONDS = 6;
const UNDO_SECONDS = 30;
/** More would cover the page; the oldest goes first. */
const MOST = 4;

export class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #ids = 0;
  #clock: ReturnType<typeof setInterval> | undefined;
  /** While the pointer or focus rests on them, time stands still. */
  held = false;

  /** Says what happened; with `undo` it can be taken back for 30 s. Answers an id, to close it before. */
  say(text: string, undo?: Undo): number {
    return this.#add({ text, left: undo ? UNDO_SECONDS : PLAIN_SECONDS }, undo);
  }

  /** Says what did not happen, and why. Stays. */
  fail(text: string, error: unknown, action?: Toast['action']): void {
    this.#add({ text, problem: problemOf(error), action });
  }

  /** Takes back what was said under this id; the toast stays if it was said at other times too. */
  close(id: number): void {
    this.list = this.list
      .map((toast) => (toast.said.some((time) => time.id === id) ? { ...toast, said: toast.said.filter((time) => time.id !== id) } : toast))
      .filter(({ said }) => said.length > 0);
  }

  dismiss(toast: Toast): void {
    this.list = this.list.filter(({ key }) => key !== toast.key);
  }

  /** Takes the last step back; a failure becomes a toast of its own. */
  async undo(toast: Toast): Promise<void> {
    const last = toast.said.at(-1);
    if (!last) return;
    this.close(last.id);
    try {
      await last.undo?.();
    } catch (error) {
      this.fail(`Not undone: ${toast.text}`, error);
    }
  }

  #add(news: Omit<Toast, 'key' | 'said'>, undo?: Undo): number {
    const id = ++this.#ids;
    const time = { id, ...(undo && { undo }) };
    const before = this.list.find((toast) => repeats(toast, news, undo !== undefined));
    this.list = before
      ? this.list.map((toast) => (toast === before ? { ...toast, ...news, said: [...toast.said, time] } : toast))
      : [...this.list, { ...news, key: id, said: [time] }].slice(-MOST);
    this.#clock ??= setInterval(() => this.#tick(), 1000);
    return id;
  }

  #tick(): void {
    if (this.held) return;
    this.list = this.list
      .map((toast) => (toast.left === undefined ? toast : { ...toast, left: toast.left - 1 }))
      .filter((toast) => toast.left === undefined || toast.left > 0);
    if (this.list.length > 0) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }
}

/** Whether the news is what a toast says already, with the same way back or on. */
function repeats(toast: Toast, news: Omit<Toast, 'key' | 'said'>, undoable: boolean): boolean {
  const same = toast.text === news.text && toast.problem?.code === news.problem?.code && toast.problem?.detail === news.problem?.detail;
  return same && !toast.action && !news.action && (toast.said[0]?.undo !== undefined) === undoable;
}

/** The one stack of the page. */
export const toasts = new Toasts();

/** The plan of a draft, asked for while one types: what would happen, found out by the server without doing it. */
import type { Plan } from '@plinth/client/admin';
import { PlinthError } from '@plinth/client';
import { admin } from '../../session/client';
import type { Draft } from './draft.svelte';

const QUIET_MS = 350;

export class LivePlan {
  plan = $state.raw<Plan | null>(null);
  error = $state.raw<unknown>();
  asking = $state(false);
  /** The round trip of the last answer. */
  ms = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | undefined;
  #waiting: (() => void)[] = [];

  constructor(private readonly draft: Draft) {}

  /** Asks after a short silence; for an effect that follows the draft. The answer stops a question under way. */
  follow(): () => void {
    const { draft } = this;
    const askable = draft.dirty && !draft.broken && draft.name !== '';
    // Read here, so that the effect follows them.
    const question = askable ? JSON.stringify(draft.base ? draft.patch : draft.input) : null;
    if (question === null || question === '{}') {
      this.plan = null;
      this.error = undefined;
      this.#answered();
      return () => undefined;
    }
    this.asking = true;
    this.#timer = setTimeout(() => void this.#ask(), QUIET_MS);
    return () => {
      clearTimeout(this.#timer);
      this.#abort?.abort();
    };
  }

  async #ask(): Promise<void> {
    const abort = (this.#abort = new AbortController());
    const { draft } = this;
    const from = performance.now();
    try {
      const plan = draft.base
        ? await admin.collections.planUpdate(draft.base.name, draft.patch, abort.signal)
        : await admin.collections.planCreate(draft.input, abort.signal);
      if (abort.signal.aborted) return;
      this.plan = plan;
      this.error = undefined;
      this.ms = Math.round(performance.now() - from);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.plan = planOf(error);
      this.error = this.plan ? undefined : error;
    } finally {
      if (!abort.signal.aborted) this.#answered();
    }
  }

  /** Waits for the answer to what was typed last; at once if none is due. */
  async settled(): Promise<void> {
    if (this.asking) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #answered(): void {
    this.asking = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Takes the plan that a refused apply carried. */
  refuse(error: unknown): boolean {
    const plan = planOf(error);
    if (plan) this.plan = plan;
    return plan !== null;
  }
}

/** The plan inside a `plan_blocked` or `destructive_plan` problem. */
function planOf(error: unknown): Plan | null {
  const plan = error instanceof PlinthError ? error.problem.plan : undefined;
  return typeof plan === 'object' && plan !== null && 'steps' in plan ? (plan as Plan) : null;
}

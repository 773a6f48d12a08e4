/** One failing place of a refused body. `pointer` is RFC 6901 into what was sent. */
export interface FieldError {
  pointer: string;
  code: string;
  message: string;
}

/** An RFC 9457 problem document, as every refusal of the server carries it. */
export interface Problem {
  status: number;
  code: string;
  type?: string;
  title?: string;
  detail?: string;
  requestId?: string;
  errors?: FieldError[];
  [member: string]: unknown;
}

/**
 * The one error of this package: what the server refused, or `code: 'network'` (status 0) when it was
 * not reached. An aborted signal is not a `PlinthError`: the signal's own reason is thrown.
 */
export class PlinthError extends Error {
  override readonly name = 'PlinthError';

  constructor(
    /** The server's problem document; for a network failure one of the same form. */
    readonly problem: Problem,
    /** Seconds the server asks to wait, from `Retry-After`. */
    readonly retryAfter?: number,
    cause?: unknown,
  ) {
    super(problem.detail ?? problem.title ?? problem.code, { cause });
  }

  /** The HTTP status, 0 when there was no answer. */
  get status(): number {
    return this.problem.status;
  }

  /** A snake_case word to branch on, such as `validation_failed`. */
  get code(): string {
    return this.problem.code;
  }

  /** What to quote to the operator: the same id stands in the server's log. */
  get requestId(): string | undefined {
    return this.problem.requestId;
  }

  /** The failing places of the body, empty when the refusal is not about places. */
  get errors(): readonly FieldError[] {
    return this.problem.errors ?? [];
  }

  /** Somebody else was faster: a stale `ifMatch` (412) or a taken id or unique value (409). */
  get isConflict(): boolean {
    return this.status === 409 || this.status === 412;
  }

  /** There is no such thing, or the caller may not see it; the server does not tell which. */
  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** No answer came: offline, a refused connection, a broken transfer. */
  get isNetwork(): boolean {
    return this.code === 'network';
  }
}

import { onAbort } from './abort.js';
import { PlinthError, type Problem } from './error.js';
import { ATTEMPTS, PATIENCE_SECONDS } from './limits.js';

/** By name; what is undefined is not sent. */
export interface Values {
  readonly [name: string]: string | number | boolean | undefined;
}

/** How one call differs from a plain one. */
export interface RequestOptions {
  query?: Values;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Values;
  signal?: AbortSignal | undefined;
  /** Whether sending it twice is harmless. Default: GET and PUT without `If-Match`, DELETE, and any `Idempotency-Key`. */
  idempotent?: boolean;
  /** Send it without the access token (with `session: 'cookie'`, with cookies instead): the routes that make tokens. */
  anonymous?: boolean;
}

/** A successful answer: the parsed body (text where it is not JSON) and the entity tag. */
export interface Answer<T> {
  body: T;
  etag: string;
}

/** Calls a route below `/api/v1` with the token, the one retry on 401, the retries and the errors of this package. */
export type Request = <T>(method: string, path: string, options?: RequestOptions) => Promise<Answer<T>>;

/** Where tokens come from; `renew` answers whether there is a newer one than `stale`. */
export interface Tokens {
  token(): Promise<string | undefined>;
  renew(stale: string): Promise<boolean>;
}

/** The one place that knows HTTP. */
export function createRequest(base: string, fetcher: typeof fetch, tokens: Tokens, cookies: boolean): Request {
  return async <T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const token = options.anonymous ? undefined : await tokens.token();
      const outcome = await send<T>(fetcher, base + path, method, options, cookies && options.anonymous ? 'include' : 'same-origin', token);
      if (!(outcome instanceof PlinthError)) return outcome;
      if (outcome.status === 401 && token && !renewed && (await tokens.renew(token))) {
        renewed = true;
        continue;
      }
      // The first DELETE may have arrived although its answer was lost: gone is what was asked for.
      if (method === 'DELETE' && outcome.status === 404 && attempt > 1) return { body: undefined as T, etag: '' };
      const wait = outcome.retryAfter ?? Math.random() * 2 ** attempt * 0.3;
      if (attempt >= ATTEMPTS || !(wait < PATIENCE_SECONDS) || !passing(outcome) || !repeatable(method, options)) throw outcome;
      await pause(wait * 1000, options.signal);
    }
  };
}

/** Fills path segments so that a value can never leave its place: no empty one, no `..`. */
export function path(texts: TemplateStringsArray, ...segments: readonly string[]): string {
  return texts.reduce((left, text, i) => {
    const segment = segments[i - 1] ?? '';
    if (/^\.{0,2}$/.test(segment)) throw new TypeError(`"${segment}" is no name or id`);
    return left + encodeURIComponent(segment) + text;
  });
}

/** Parameters as the end of a URL, those that are undefined left out. */
export function queryString(query: Values = {}): string {
  const text = new URLSearchParams(defined(query)).toString();
  return text && `?${text}`;
}

/** JSON drops what is undefined. */
function defined(values: Values): { [name: string]: string } {
  return JSON.parse(JSON.stringify(values)) as { [name: string]: string };
}

async function send<T>(fetcher: typeof fetch, url: string, method: string, options: RequestOptions, credentials: RequestCredentials, token?: string): Promise<Answer<T> | PlinthError> {
  const { body, signal } = options;
  const json = JSON.stringify(body) as string | undefined;
  const headers = defined({ 'content-type': json && 'application/json', authorization: token && `Bearer ${token}`, ...options.headers });
  try {
    const init = { method, headers, credentials, body: json ?? null, signal: signal ?? null };
    const response = await fetcher(url + queryString(options.query), init);
    const text = await response.text();
    const value: unknown = text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    return response.ok ? { body: value as T, etag: response.headers.get('etag') ?? '' } : refusal(response, value);
  } catch (cause) {
    signal?.throwIfAborted();
    return new PlinthError({ status: 0, code: 'network', title: 'No answer from the server' }, undefined, cause);
  }
}

const passing = ({ status }: PlinthError): boolean => [0, 429, 502, 503, 504].includes(status);

/** A proxy's page in place of a problem document still becomes a problem, coded by its status. */
function refusal({ status, headers }: Response, value: unknown): PlinthError {
  const problem = typeof value === 'string' ? {} : (value as Partial<Problem>);
  return new PlinthError({ code: `http_${status}`, ...problem, status }, Number(headers.get('retry-after')) || undefined);
}

/** With `If-Match` a second try would meet the first one's success as 412. */
function repeatable(method: string, { idempotent, headers }: RequestOptions): boolean {
  const safe = method === 'GET' || method === 'DELETE' || (method === 'PUT' && !headers?.['if-match']);
  return idempotent ?? (safe || !!headers?.['idempotency-key']);
}

/** Waits, or fails at once with the signal's reason. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      release();
      resolve();
    }, ms);
    const release = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    });
  });
}

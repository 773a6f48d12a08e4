/**
 * 64-bit integers through a client that parses JSON as everybody does: on the way in those beyond 2^53 become marked
 * strings, on the way out marked strings become digits again. The mark holds a random word of this page, so no
 * stored text can be taken for one. Only records travel this way; all else is plain JSON.
 */
import type { Socket } from '@plinth/client';
import { isWide, TOKEN, LONG } from './exactJson';

/** No text anywhere starts like this, since nobody can know the word. */
const MARK = `~${crypto.randomUUID()}~`;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');
const RECORDS = /\/api\/v1\/(?:records\/|batch$)/;

/** `fetch` whose answers about records hold marked strings, and whose bodies may. */
export const exactFetch: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (!RECORDS.test(url.split('?')[0] ?? '')) return fetch(input, init);
  const response = await fetch(input, typeof init?.body === 'string' ? { ...init, body: unmarked(init.body) } : init);
  if (!response.ok || !response.headers.get('content-type')?.includes('json')) return response;
  const { status, headers } = response;
  return new Response(marked(await response.text()), { status, headers });
};

/** A socket for the client that does the same with frames. */
export class ExactSocket implements Socket {
  readonly #socket: WebSocket;

  constructor(url: string, protocol: string) {
    this.#socket = new WebSocket(url, protocol);
  }

  send(data: string): void {
    this.#socket.send(unmarked(data));
  }

  close(): void {
    this.#socket.close();
  }

  addEventListener(type: 'message' | 'close' | 'error', listener: (event: never) => unknown): void {
    this.#socket.addEventListener(type, (event: Event) => {
      const wide = event instanceof MessageEvent && typeof event.data === 'string' && LONG.test(event.data);
      listener((wide ? new MessageEvent('message', { data: marked(String(event.data)) }) : event) as never);
    });
  }
}

/** A value from the client, its marked strings as `bigint`. */
export function fromWire<T>(value: T): T {
  return mapped(value, (item) => (typeof item === 'string' && item.startsWith(MARK) ? BigInt(item.slice(MARK.length)) : item)) as T;
}

/** A value for the client, its `bigint`s as marked strings. */
export function toWire<T>(value: T): T {
  return mapped(value, (item) => (typeof item === 'bigint' ? `${MARK}${item}` : item)) as T;
}

/** The text with its wide integers marked. */
export function marked(text: string): string {
  return LONG.test(text) ? text.replace(TOKEN, (token) => (isWide(token) ? `"${MARK}${token}"` : token)) : text;
}

/** The text with its marked strings as digits. */
export function unmarked(text: string): string {
  return text.replace(MARKED, '$1');
}

/** Objects without anything to map are given back as they are. */
function mapped(value: unknown, map: (item: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return map(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => mapped(item, map));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const members = Object.entries(value).map(([name, item]) => [name, mapped(item, map)] as const);
  const source = value as Record<string, unknown>;
  if (members.every(([name, item]) => item === source[name])) return value;
  // The version of a record stands under a symbol.
  return Object.defineProperties(Object.fromEntries(members), Object.fromEntries(Object.getOwnPropertySymbols(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key) ?? {}])));
}

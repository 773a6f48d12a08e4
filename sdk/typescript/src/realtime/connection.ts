/**
 * The one socket that all subscriptions of a client share. It opens with the first subscription, closes
 * after the last, and between these comes back by itself: at once when the network or the page does,
 * otherwise after a delay drawn evenly from zero to a bound that doubles (full jitter), so that
 * a server that restarts is not met by all its clients in the same second.
 */
import { onAbort } from '../abort.js';
import type { AuthCore } from '../auth.js';
import type { Problem } from '../error.js';
import { DEADLINE_MS, FIRST_DELAY_MS, LINGER_MS, LONGEST_DELAY_MS, LONGEST_TIMER_MS, TOKEN_ENDED } from '../limits.js';
import type { LooseOptions } from '../query.js';
import { type Handlers, type Subscription, type SubscriptionFrame, createSubscription } from './subscription.js';

/** The part of the standard `WebSocket` that is used; that of `ws` fits too. */
export interface Socket {
  send(data: string): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  addEventListener(type: 'error', listener: (event: unknown) => void): void;
}

/** A constructor of sockets. */
export type SocketConstructor = new (url: string, protocol: string) => Socket;

/** Opens a subscription and returns what ends it. */
export type Subscribe = (collection: string, options: LooseOptions & { since?: string | undefined; signal?: AbortSignal }, handlers: Handlers<never>) => () => void;

/** The realtime side of a client. */
export type Realtime = Subscribe & { readonly close: () => void };

/** Frames about no subscription; others (`pong`, `authenticated`) only show that the server lives. */
type ConnectionFrame = { sub?: undefined } & ({ op: 'hello'; heartbeatMs: number } | { op: 'error'; problem: Problem });

type Timer = ReturnType<typeof setTimeout> | undefined;

/** Nothing is opened before the first subscription. */
export function createRealtime(url: string, WebSocket: SocketConstructor | undefined, auth: AuthCore): Realtime {
  /** Each with its name on the wire, empty while the server does not have it. */
  const subscriptions = new Map<Subscription, string>();
  /** Those that are not tried again before another account signs in. */
  const denied = new Set<Subscription>();
  let opened = 0;
  let socket: Socket | undefined;
  /** The server has greeted us and knows who we are. */
  let ready = false;
  let token: string | undefined;
  let account: string | undefined;
  let attempts = 0;
  let reconnect: Timer;
  let deadline: Timer;
  let heartbeat: Timer;
  let renewal: Timer;
  let page: AbortController | undefined;

  const send = (frame: object): void => socket?.send(JSON.stringify(frame));
  const each = (visit: (subscription: Subscription) => void): void => [...subscriptions.keys()].forEach(visit);

  function connect(): void {
    clearTimeout(reconnect);
    reconnect = undefined;
    if (socket || !WebSocket || !subscriptions.size) return;
    // The controller serves as the options, whose `signal` it has; a listener that is there already is not added again.
    page ??= new AbortController();
    for (const type of ['online', 'visibilitychange']) (globalThis as Partial<typeof globalThis>).addEventListener?.(type, wake, page);
    each((subscription) => subscription.status('connecting'));
    const mine = (socket = new WebSocket(url.replace('http', 'ws') + '/realtime', 'plinth.v1'));
    // What a socket says that was given up has been asked for again.
    const ifMine =
      <E>(listener: (event: E) => void) =>
      (event: E): void => {
        if (mine === socket) listener(event);
      };
    deadline = setTimeout(lost, DEADLINE_MS);
    mine.addEventListener('message', ifMine(message));
    mine.addEventListener('close', ifMine(({ code }) => ended(code === TOKEN_ENDED)));
    mine.addEventListener('error', ifMine(lost));
  }

  function message({ data }: { data: unknown }): void {
    clearTimeout(deadline);
    deadline = undefined;
    const frame = JSON.parse(String(data)) as ConnectionFrame | SubscriptionFrame;
    if (frame.op === 'hello') {
      heartbeat = setInterval(probe, frame.heartbeatMs);
      return void authenticate();
    }
    // An error of the connection: the server does not know who we are, and would deny what follows.
    if (frame.op === 'error' && !frame.sub) return ended(frame.problem.status === 401);
    subscriptions.forEach((name, subscription) => name === frame.sub && deliver(subscription, frame));
  }

  function deliver(subscription: Subscription, frame: SubscriptionFrame): void {
    const outcome = subscription.receive(frame);
    if (frame.op === 'live') attempts = 0;
    if (!outcome || !subscriptions.has(subscription)) return;
    subscriptions.set(subscription, '');
    const again = (): void => {
      if (ready && subscriptions.get(subscription) === '') open(subscription);
    };
    if (outcome === 'again') again();
    else if (outcome === 'later') setTimeout(again, delay());
    else {
      subscriptions.delete(subscription);
      denied.add(subscription);
      linger();
    }
  }

  /** Tells the server who we are, first and after every renewal; another account starts from nothing. */
  async function authenticate(): Promise<void> {
    const mine = socket;
    try {
      await auth.token();
    } catch {
      // The token could not be renewed for want of a network: the same want ends this connection.
      if (mine === socket) lost();
    }
    if (!mine || mine !== socket) return;
    const session = auth.session();
    if (session?.user.id !== account) each((subscription) => subscription.forget());
    account = session?.user.id;
    token = session?.accessToken;
    if (session) {
      send({ op: 'auth', token });
      clearTimeout(renewal);
      renewal = setTimeout(renew, Math.min(session.renewAt - Date.now(), LONGEST_TIMER_MS));
    }
    if (!ready) {
      ready = true;
      each(open);
    }
  }

  /** A failure shows when the server ends the connection with 4401, and is dealt with there. */
  function renew(): void {
    if (token) auth.renew(token).catch(() => undefined);
  }

  auth.onSession(() => {
    const session = auth.session();
    if (session?.user.id !== account) {
      denied.forEach((subscription) => subscriptions.set(subscription, ''));
      denied.clear();
      if (ready) drop();
      if (!reconnect) connect();
    } else if (ready && session?.accessToken !== token) void authenticate();
  });

  function open(subscription: Subscription): void {
    const name = `s${++opened}`;
    subscriptions.set(subscription, name);
    send(subscription.open(name));
  }

  function probe(): void {
    send({ op: 'ping' });
    deadline ??= setTimeout(lost, DEADLINE_MS);
  }

  /** The page or the network is back: do not wait for a timer, and do not trust the socket. */
  function wake(): void {
    if (ready) probe();
    else connect();
  }

  function ended(byToken: boolean): void {
    lost();
    // The next connection waits for the renewal, and shows whether it came about.
    if (byToken) renew();
  }

  function lost(): void {
    drop();
    if (!subscriptions.size) return;
    each((subscription) => subscription.status('offline'));
    reconnect = setTimeout(connect, delay());
  }

  function delay(): number {
    return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts++);
  }

  function drop(): void {
    [deadline, heartbeat, renewal, reconnect].forEach(clearTimeout);
    deadline = reconnect = undefined;
    ready = false;
    const old = socket;
    socket = undefined;
    old?.close();
  }

  function linger(): void {
    setTimeout(() => subscriptions.size || drop(), LINGER_MS);
  }

  function close(): void {
    subscriptions.clear();
    denied.clear();
    drop();
    page?.abort();
    page = undefined;
  }

  const subscribe: Subscribe = (collection, { signal, ...options }, handlers) => {
    if (!WebSocket) throw new TypeError('no WebSocket here: use createClient(url, { WebSocket })');
    const subscription = createSubscription(collection, options, handlers);
    const off = (): void => {
      const name = subscriptions.get(subscription);
      subscriptions.delete(subscription);
      denied.delete(subscription);
      signal?.removeEventListener('abort', off);
      if (ready && name) send({ op: 'unsubscribe', sub: name });
      linger();
    };
    subscriptions.set(subscription, '');
    onAbort(signal, off);
    if (!reconnect && !ready) connect();
    if (ready && subscriptions.has(subscription)) open(subscription);
    return off;
  };
  return Object.assign(subscribe, { close });
}

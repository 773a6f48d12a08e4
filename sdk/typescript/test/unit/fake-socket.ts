import type { Socket } from '../../src/index.js';

type Listener = (event: never) => unknown;

/** A frame in either direction. */
export interface Frame {
  op: string;
  [member: string]: unknown;
}

/** A socket whose other end is the test. */
export class FakeSocket implements Socket {
  readonly sent: Frame[] = [];
  closed = false;
  /** What the server does when a frame comes. */
  onSend?: (frame: Frame) => void;
  #listeners: { [type: string]: Listener[] } = {};

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  addEventListener(type: string, listener: Listener): void {
    (this.#listeners[type] ??= []).push(listener);
  }

  send(data: string): void {
    const frame = JSON.parse(data) as Frame;
    this.sent.push(frame);
    this.onSend?.(frame);
  }

  close(): void {
    this.closed = true;
  }

  /** What the server sends. */
  receive(...frames: Frame[]): void {
    for (const frame of frames) this.#emit('message', { data: JSON.stringify(frame) });
  }

  /** The server, or the network, ends it. */
  end(code = 1006): void {
    this.#emit('close', { code });
  }

  /** The frames of one kind, newest last. */
  of(op: string): Frame[] {
    return this.sent.filter((frame) => frame.op === op);
  }

  /** The wire id of the newest subscription. */
  get sub(): string {
    return this.of('subscribe').at(-1)?.sub as string;
  }

  #emit(type: string, event: unknown): void {
    for (const listener of this.#listeners[type] ?? []) listener(event as never);
  }
}

/** A constructor for the client, and the sockets it made, newest last. */
export function fakeSockets(made: (socket: FakeSocket) => void = () => undefined) {
  const sockets: FakeSocket[] = [];
  class Recorded extends FakeSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      sockets.push(this);
      made(this);
    }
  }
  return {
    WebSocket: Recorded,
    sockets,
    get last(): FakeSocket {
      const socket = sockets.at(-1);
      if (!socket) throw new Error('no socket was made');
      return socket;
    },
  };
}

/** The server's first frame. */
export const hello: Frame = { op: 'hello', protocol: 1, connection: 'c1', heartbeatMs: 25_000 };

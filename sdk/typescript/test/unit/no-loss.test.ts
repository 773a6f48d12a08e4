/**
 * The promise of realtime as a law: whatever happens to the connection, a subscription hears every change
 * once and in order. The other end is a model of the server with a log, whose frames may be held up,
 * cut off in the middle and followed by frames of the dead connection; the dice are seeded.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClient } from '../../src/index.js';
import { URL_OF_SERVER, fakeServer, tokens } from './fake-server.js';
import { type FakeSocket, type Frame, fakeSockets, hello } from './fake-socket.js';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** Even draws from a seed (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

interface Stream {
  sub: string;
  at: number;
  opened: boolean;
  live: boolean;
}

interface Connection {
  socket: FakeSocket;
  streams: Stream[];
  /** Dead without a word. */
  silent: boolean;
}

/** A log of numbered changes, and connections that read it a few frames at a time. */
function modelServer(roll: (sides: number) => number) {
  let length = 0;
  let newest: Connection | undefined;
  const connections: Connection[] = [];

  function accept(socket: FakeSocket): void {
    const connection: Connection = { socket, streams: [], silent: false };
    newest = connection;
    connections.push(connection);
    setTimeout(() => socket.receive(hello), roll(300));
    socket.onSend = (frame) => {
      const sub = frame.sub as string;
      if (frame.op === 'ping' && !connection.silent) socket.receive({ op: 'pong' });
      if (frame.op === 'subscribe') connection.streams.push({ sub, at: Number(frame.since ?? length), opened: false, live: false });
      if (frame.op === 'unsubscribe') connection.streams = connection.streams.filter((stream) => stream.sub !== sub);
    };
  }

  function next(stream: Stream): Frame | undefined {
    const { sub } = stream;
    if (!stream.opened) stream.opened = true;
    else if (stream.at < length) return { op: 'change', sub, type: 'create', id: String(++stream.at), record: {}, cursor: String(stream.at), at: '' };
    else if (stream.live) return undefined;
    else {
      stream.live = true;
      return { op: 'live', sub, cursor: String(stream.at) };
    }
    return { op: 'subscribed', sub, cursor: String(stream.at) };
  }

  function pump(): void {
    for (const { socket, streams, silent } of connections) {
      for (const stream of silent ? [] : streams) {
        for (let frames = roll(4); frames > 0; frames--) {
          const frame = next(stream);
          if (frame) socket.receive(frame);
        }
      }
    }
  }

  /** Ends the newest connection with a word, or without one; frames may go on coming from what was ended. */
  function cut(): void {
    if (!newest) return;
    if (roll(3) === 0) newest.silent = true;
    else newest.socket.end([1006, 1012, 4408][roll(3)]);
  }

  setInterval(pump, 50);
  return { accept, cut, write: () => ++length, cuts: () => connections.length, length: () => length };
}

/** Lives through some minutes with one seed and tells how often the connection was made. */
async function run(seed: number): Promise<number> {
  const roll = dice(seed);
  vi.spyOn(Math, 'random').mockImplementation(() => roll(1000) / 1000);
  const server = modelServer(roll);
  const net = fakeSockets(server.accept);
  const db = createClient(URL_OF_SERVER, { ...fakeServer(() => tokens('0')), WebSocket: net.WebSocket });
  const heard: number[] = [];
  const streamed: number[] = [];
  db.collection('a').subscribe({ since: '0' }, { event: ({ id }) => heard.push(Number(id)), resync: () => heard.push(NaN) });
  const weather = { calm: false };
  void (async () => {
    for await (const change of db.collection('a').subscribe({ since: '0' })) {
      streamed.push(change.type === 'resync' ? NaN : Number(change.id));
      // Now and then the consumer falls far behind.
      if (!weather.calm && roll(500) === 0) await new Promise((resolve) => setTimeout(resolve, 120_000));
    }
  })();

  for (let step = 0; step < 2000; step++) {
    for (let writes = roll(4); writes > 0; writes--) server.write();
    if (roll(80) === 0) server.cut();
    await vi.advanceTimersByTimeAsync(roll(200));
  }
  // What is missing arrives.
  weather.calm = true;
  await vi.advanceTimersByTimeAsync(400_000);
  const all = Array.from({ length: server.length() }, (_, i) => i + 1);
  expect(heard).toEqual(all);
  expect(streamed).toEqual(all);
  db.close();
  vi.clearAllTimers();
  return server.cuts();
}

it('no change is lost and none comes twice, however the connection behaves', async () => {
  for (let seed = 1; seed <= 20; seed++) expect(await run(seed)).toBeGreaterThan(5);
}, 60_000);

import { afterEach, describe, expect, it, vi } from 'vitest';
import { exactFetch, ExactSocket, fromWire, marked, toWire, unmarked } from './exactWire';

let opened: FakeSocket;
class FakeSocket extends EventTarget {
  sent: string[] = [];
  constructor() {
    super();
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    opened = this;
  }
  send(data: string) {
    this.sent.push(data);
  }
}

const wide = '{"n":9223372036854775807,"t":"9223372036854775807","d":1.5}';
const exact = { n: 9223372036854775807n, t: '9223372036854775807', d: 1.5 };

afterEach(() => vi.unstubAllGlobals());

describe('the wire', () => {
  it('brings wide integers through a plain parser, and back digit for digit', () => {
    expect(fromWire(JSON.parse(marked(wide)))).toEqual(exact);
    expect(unmarked(JSON.stringify(toWire(exact)))).toBe(wide);
  });

  it('gives back what has nothing to map, and keeps what stands under a symbol', () => {
    const plain = { a: [1, { b: 'x' }] };
    expect(fromWire(plain)).toBe(plain);
    const key = Symbol('version');
    const versioned = Object.defineProperty(JSON.parse(marked(wide)), key, { value: 'v1' });
    expect((fromWire(versioned) as Record<symbol, unknown>)[key]).toBe('v1');
  });

  it('touches answers about records and nothing else', async () => {
    const bodies: unknown[] = [];
    vi.stubGlobal('fetch', async (_: string, init?: RequestInit) => {
      bodies.push(init?.body);
      return new Response(wide, { headers: { 'content-type': 'application/json', etag: '"1"' } });
    });
    const answer = await exactFetch('http://h/api/v1/records/messages?limit=1', { method: 'POST', body: JSON.stringify(toWire(exact)) });
    expect(fromWire(await answer.json())).toEqual(exact);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(bodies).toEqual([wide]);
    const definition = await exactFetch('http://h/api/v1/collections/records/');
    expect(await definition.text()).toBe(wide);
  });

  it('reads and writes frames alike', () => {
    vi.stubGlobal('WebSocket', FakeSocket);
    const socket = new ExactSocket('ws://h', 'plinth.v1');
    const heard: unknown[] = [];
    socket.addEventListener('message', (event: MessageEvent<string>) => heard.push(fromWire(JSON.parse(event.data))));
    opened.dispatchEvent(new MessageEvent('message', { data: wide }));
    socket.send(JSON.stringify(toWire(exact)));
    expect(heard).toEqual([exact]);
    expect(opened.sent).toEqual([wide]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Change, Handlers } from '../../src/index.js';
import { createSubscription } from '../../src/realtime/subscription.js';

const at = '2026-01-01T00:00:00.000Z';
const created = (id: string, cursor: string) => ({ op: 'change', sub: 's', type: 'create', id, record: { id } as never, cursor, at }) as const;

/** A subscription and what its handlers hear, as short words. */
function start(options: { since?: string; where?: object; orderBy?: string[]; limit?: number } = {}, snapshot = false) {
  const heard: string[] = [];
  const handlers: Handlers<never> = {
    event: (change: Change<never>) => heard.push(`${change.type} ${change.id}`),
    resync: () => heard.push('resync'),
    status: (status, error) => heard.push(error ? `${status} ${error.code}` : status),
    ...(snapshot && { snapshot: (records: { id: string }[]) => heard.push(`snapshot ${records.map(({ id }) => id).join()}`) }),
  };
  return { subscription: createSubscription('posts', options, handlers), heard };
}

describe('from now on', () => {
  it('starts without a cursor and resumes at the place where the server said it stands', () => {
    const { subscription, heard } = start({ where: { a: 1 } });
    expect(JSON.parse(JSON.stringify(subscription.open('s')))).toEqual({ op: 'subscribe', sub: 's', collection: 'posts', filter: 'a == 1' });
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    expect(subscription.open('t')).toMatchObject({ since: 'c0' });
    expect(heard).toEqual(['connecting']);
  });

  it('resumes since the last change, and since the last place it was told', () => {
    const { subscription, heard } = start();
    subscription.open('s');
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    subscription.receive(created('1', 'c1'));
    expect(subscription.open('t')).toMatchObject({ sub: 't', since: 'c1' });
    subscription.receive({ op: 'subscribed', sub: 't', cursor: 'c1' });
    subscription.receive({ op: 'live', sub: 't', cursor: 'c9' });
    expect(subscription.open('u')).toMatchObject({ since: 'c9' });
    expect(heard).toEqual(['connecting', 'create 1', 'live', 'connecting']);
  });

  it('does not skip what lies between the last change and the place where the server stands', () => {
    const { subscription } = start({ since: 'c1' });
    expect(subscription.open('s')).toMatchObject({ since: 'c1' });
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c9' });
    expect(subscription.open('t')).toMatchObject({ since: 'c1' });
  });

  it('asks to read again after a reset, once the new stream stands', () => {
    const { subscription, heard } = start({ since: 'c1' });
    subscription.open('s');
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c1' });
    expect(subscription.receive({ op: 'reset', sub: 's', reason: 'expired' })).toBe('again');
    expect(heard).not.toContain('resync');
    expect(subscription.open('t')).not.toHaveProperty('since');
    subscription.receive({ op: 'subscribed', sub: 't', cursor: 'c7' });
    subscription.receive(created('1', 'c8'));
    expect(heard).toEqual(['connecting', 'resync', 'create 1']);
  });

  it('still asks to read again when the connection is lost right after the reset', () => {
    const { subscription, heard } = start({ since: 'c1' });
    subscription.open('s');
    subscription.receive({ op: 'reset', sub: 's', reason: 'schema' });
    subscription.open('t');
    subscription.open('u');
    subscription.receive({ op: 'subscribed', sub: 'u', cursor: 'c7' });
    subscription.open('v');
    subscription.receive({ op: 'subscribed', sub: 'v', cursor: 'c7' });
    expect(heard.filter((word) => word === 'resync')).toHaveLength(1);
  });
});

describe('with a snapshot', () => {
  it('gives it whole, and then the changes', () => {
    const { subscription, heard } = start({ orderBy: ['-createdAt'], limit: 5 }, true);
    expect(subscription.open('s')).toMatchObject({ snapshot: true, sort: '-createdAt', limit: 5 });
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    subscription.receive({ op: 'snapshot', sub: 's', items: [{ id: '1' }, { id: '2' }] as never[] });
    subscription.receive({ op: 'snapshot', sub: 's', items: [{ id: '3' }] as never[], last: true });
    subscription.receive(created('4', 'c1'));
    expect(heard).toEqual(['connecting', 'snapshot 1,2,3', 'create 4']);
    const resumed = subscription.open('t');
    expect(resumed).toMatchObject({ since: 'c1' });
    for (const member of ['snapshot', 'sort', 'limit']) expect(resumed).not.toHaveProperty(member);
  });

  it('takes a new one when the first did not arrive whole', () => {
    const { subscription, heard } = start({}, true);
    subscription.open('s');
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    subscription.receive({ op: 'snapshot', sub: 's', items: [{ id: '1' }] as never[] });
    expect(subscription.open('t')).toMatchObject({ snapshot: true });
    subscription.receive({ op: 'subscribed', sub: 't', cursor: 'c5' });
    subscription.receive({ op: 'snapshot', sub: 't', items: [{ id: '1' }, { id: '2' }] as never[], last: true });
    expect(heard).toEqual(['connecting', 'snapshot 1,2']);
    expect(subscription.open('u')).toMatchObject({ since: 'c5' });
  });

  it('takes a new one after a reset, in place of a resync', () => {
    const { subscription, heard } = start({}, true);
    subscription.open('s');
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    subscription.receive({ op: 'snapshot', sub: 's', items: [], last: true });
    expect(subscription.receive({ op: 'reset', sub: 's', reason: 'policy' })).toBe('again');
    expect(subscription.open('t')).toMatchObject({ snapshot: true });
    expect(heard).not.toContain('resync');
  });
});

describe('a refusal', () => {
  it('is final, with its reason, when it is about the caller or the query', () => {
    for (const [status, code] of [
      [400, 'invalid_filter'],
      [403, 'policy_denied'],
      [404, 'not_found'],
    ] as const) {
      const { subscription, heard } = start();
      subscription.open('s');
      expect(subscription.receive({ op: 'error', sub: 's', problem: { status, code } })).toBe('never');
      expect(heard).toEqual(['connecting', `denied ${code}`]);
    }
  });

  it('of the place alone starts anew and reads again', () => {
    const { subscription, heard } = start({ since: 'from another server' });
    subscription.open('s');
    expect(subscription.receive({ op: 'error', sub: 's', problem: { status: 400, code: 'invalid_cursor' } })).toBe('again');
    expect(subscription.open('t')).not.toHaveProperty('since');
    subscription.receive({ op: 'subscribed', sub: 't', cursor: 'c1' });
    expect(heard).toEqual(['connecting', 'resync']);
  });

  it('is for a while when the server is busy', () => {
    for (const status of [429, 503]) {
      const { subscription, heard } = start();
      subscription.open('s');
      expect(subscription.receive({ op: 'error', sub: 's', problem: { status, code: 'busy' } })).toBe('later');
      expect(heard).toEqual(['connecting']);
    }
  });
});

describe('another account', () => {
  it('starts anew and reads again', () => {
    const { subscription, heard } = start();
    subscription.open('s');
    subscription.receive({ op: 'subscribed', sub: 's', cursor: 'c0' });
    subscription.receive(created('1', 'c1'));
    subscription.forget();
    expect(subscription.open('t')).not.toHaveProperty('since');
    subscription.receive({ op: 'subscribed', sub: 't', cursor: 'c4' });
    expect(heard).toEqual(['connecting', 'create 1', 'resync']);
  });
});

describe('a handler that fails', () => {
  it('loses neither the place nor the next change, and is reported', async () => {
    const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const seen: string[] = [];
    const subscription = createSubscription(
      'posts',
      {},
      {
        event: ({ id }: Change<never>) => {
          seen.push(id);
          if (id === '1') throw new Error('mine');
        },
      },
    );
    subscription.open('s');
    subscription.receive(created('1', 'c1'));
    subscription.receive(created('2', 'c2'));
    expect(seen).toEqual(['1', '2']);
    expect(subscription.open('t')).toMatchObject({ since: 'c2' });
    expect(await unhandled).toMatchObject({ message: 'mine' });
  });
});

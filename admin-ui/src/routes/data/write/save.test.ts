import { PlinthError } from '@plinth/client';
import { describe, expect, it, vi } from 'vitest';
import type { Row } from '../live/rows';
import type { Records, Seen } from './records';
import { save, takeBack } from './save';

vi.mock('../../../session/client', () => ({ client: {} }));
vi.mock('../../../session/exactWire', () => ({}));

const own = ['likes', 'body'];
const stale = new PlinthError({ status: 412, code: 'precondition_failed' });

/** A server with one record that counts versions. */
function server(record: Row) {
  let stored = record;
  let version = 1;
  const calls: unknown[] = [];
  const seen = (): Seen => ({ record: stored, version: `v${version}` });
  const write = async (_: string, data: object, expected?: string) => {
    calls.push(data);
    if (expected && expected !== `v${version}`) throw stale;
    version++;
    stored = { ...stored, ...data };
    return seen();
  };
  const records = { get: async () => seen(), update: write, replace: write } as unknown as Records;
  return { records, calls, seen, other: (data: object) => write('', data) };
}

describe('save', () => {
  it('writes the changed fields against the version it saw', async () => {
    const { records, calls, seen } = server({ id: 'a', likes: 1, body: 'x' });
    const saved = await save(records, seen(), { likes: 2 }, own);
    expect(saved).toMatchObject({ outcome: 'saved', seen: { record: { likes: 2 }, version: 'v2' } });
    expect(calls).toEqual([{ likes: 2 }]);
  });

  it('merges by itself when another field changed meanwhile', async () => {
    const { records, seen, other } = server({ id: 'a', likes: 1, body: 'x' });
    const base = seen();
    await other({ body: 'theirs' });
    expect(await save(records, base, { likes: 2 }, own)).toMatchObject({ outcome: 'saved', seen: { record: { likes: 2, body: 'theirs' } } });
  });

  it('writes nothing when both changed the field, and hands all three back', async () => {
    const { records, seen, other } = server({ id: 'a', likes: 1, body: 'x' });
    const base = seen();
    await other({ likes: 7 });
    const saved = await save(records, base, { likes: 2 }, own);
    expect(saved).toMatchObject({ outcome: 'conflict', merge: { conflicts: [{ field: 'likes', base: 1, mine: 2, theirs: 7 }] }, theirs: { version: 'v2' } });
    expect(seen().record.likes).toBe(7);
  });

  it('is done without a write when the other one wrote the same', async () => {
    const { records, calls, seen, other } = server({ id: 'a', likes: 1 });
    const base = seen();
    await other({ likes: 2 });
    expect(await save(records, base, { likes: 2 }, own)).toMatchObject({ outcome: 'saved', seen: { version: 'v2' } });
    expect(calls).toHaveLength(2);
  });

  it('passes other refusals on', async () => {
    const { records, seen } = server({ id: 'a' });
    records.update = () => Promise.reject(new PlinthError({ status: 422, code: 'validation_failed' }));
    await expect(save(records, seen(), { likes: -1 }, own)).rejects.toMatchObject({ code: 'validation_failed' });
  });
});

describe('takeBack', () => {
  it('writes the old value back, unless it was changed again', async () => {
    const { records, seen, other } = server({ id: 'a', likes: 1, body: 'x' });
    const before = seen().record;
    const saved = await save(records, seen(), { likes: 2 }, own);
    const after = seen();
    expect(saved.outcome).toBe('saved');
    await other({ body: 'theirs' });
    expect(await takeBack(records, before, after, { likes: 2 }, own)).toMatchObject({ outcome: 'saved', seen: { record: { likes: 1, body: 'theirs' } } });
    await other({ likes: 9 });
    expect(await takeBack(records, before, after, { likes: 2 }, own)).toMatchObject({ outcome: 'conflict' });
  });
});

import { describe, expect, it } from 'vitest';
import { applied, differing, firstPage, inserted, nextPage, noRows, replaced, same, settled, swept, without, type Order, type Row } from './rows';

const order: Order = (a, b) => Number(a.n) - Number(b.n);
const row = (id: string, n: number, more: object = {}): Row => ({ id, n, ...more });
const ids = (rows: { entries: readonly { record: Row }[] }) => rows.entries.map(({ record }) => record.id).join('');
const three = () => firstPage([row('a', 1), row('b', 3), row('c', 5)], 'more');

describe('pages', () => {
  it('append, and keep a record that comes twice at its first place', () => {
    const rows = nextPage(three(), [row('b', 6, { t: 'moved' }), row('d', 7)], null);
    expect(ids(rows)).toBe('abcd');
    expect(rows.entries[1]?.record.t).toBe('moved');
    expect(rows.next).toBeNull();
  });

  it('do not bring back an older state than a change that overtook them', () => {
    const now = applied(three(), [{ type: 'update', id: 'b', record: row('b', 3, { updatedAt: '2026-01-02' }) }], order, 1);
    const late = nextPage(now, [row('b', 3, { updatedAt: '2026-01-01' })], null);
    expect(late.entries[1]?.record.updatedAt).toBe('2026-01-02');
  });

  it('show a record that waited', () => {
    const waits = applied(three(), [{ type: 'create', id: 'x', record: row('x', 4) }], order, 1);
    expect(nextPage(waits, [row('x', 4)], null).waiting.size).toBe(0);
  });
});

describe('applied', () => {
  it('marks changed cells and moves nothing', () => {
    const rows = applied(three(), [{ type: 'update', id: 'a', record: row('a', 9, { t: 'new', updatedAt: 'z' }) }], order, 42);
    expect(ids(rows)).toBe('abc');
    expect(rows.entries[0]?.flashes).toEqual({ n: 42, t: 42 });
  });

  it('does not flash what this page wrote itself', () => {
    const rows = applied(three(), [{ type: 'update', id: 'a', record: row('a', 9) }], order, 42, (id) => id === 'a');
    expect(rows.entries[0]).toEqual({ record: row('a', 9), flashes: {}, gone: false });
  });

  it('lets new rows wait, but only those that belong among the loaded ones', () => {
    const rows = applied(
      three(),
      [
        { type: 'create', id: 'x', record: row('x', 2) },
        { type: 'create', id: 'y', record: row('y', 8) },
      ],
      order,
      1,
    );
    expect(ids(rows)).toBe('abc');
    expect([...rows.waiting.keys()]).toEqual(['x']);
    const all = applied(firstPage([row('a', 1)], null), [{ type: 'create', id: 'y', record: row('y', 8) }], order, 1);
    expect([...all.waiting.keys()]).toEqual(['y']);
  });

  it('updates and drops what waits', () => {
    const waits = applied(three(), [{ type: 'create', id: 'x', record: row('x', 2) }], order, 1);
    expect(applied(waits, [{ type: 'update', id: 'x', record: row('x', 2, { t: 1 }) }], order, 1).waiting.get('x')?.t).toBe(1);
    expect(applied(waits, [{ type: 'delete', id: 'x' }], order, 1).waiting.size).toBe(0);
    expect(applied(waits, [{ type: 'update', id: 'x', record: row('x', 20) }], order, 1).waiting.size).toBe(0);
  });

  it('leaves a shadow of what went, which comes alive when it is created again', () => {
    const gone = applied(three(), [{ type: 'delete', id: 'b' }], order, 1);
    expect(ids(gone)).toBe('abc');
    expect(gone.entries[1]?.gone).toBe(true);
    expect(applied(gone, [{ type: 'create', id: 'b', record: row('b', 3) }], order, 2).entries[1]?.gone).toBe(false);
    expect(ids(swept(gone))).toBe('ac');
  });

  it('ignores a change that is older than the row, and gives the same rows for no change', () => {
    const rows = firstPage([row('a', 1, { updatedAt: '2026-01-02' })], null);
    expect(applied(rows, [{ type: 'update', id: 'a', record: row('a', 7, { updatedAt: '2026-01-01' }) }], order, 1).entries[0]?.record.n).toBe(1);
    expect(applied(rows, [], order, 1)).toBe(rows);
  });
});

describe('settled and the page’s own writes', () => {
  it('takes in what waited, sorted, flashing, without shadows', () => {
    let rows = applied(three(), [{ type: 'create', id: 'x', record: row('x', 4) }, { type: 'delete', id: 'a' }], order, 1);
    rows = settled(rows, order, 7);
    expect(ids(rows)).toBe('bxc');
    expect(rows.entries[1]?.flashes).toEqual({ '*': 7 });
    expect(rows.waiting.size).toBe(0);
  });

  it('inserts a record of ours once, whether its change came before or not', () => {
    const mine = row('m', 4);
    const waits = applied(three(), [{ type: 'create', id: 'm', record: mine }], order, 1);
    expect(ids(inserted(waits, mine, order))).toBe('abmc');
    expect(inserted(waits, mine, order).waiting.size).toBe(0);
    const labelled = applied(three(), [{ type: 'create', id: 'm', record: { ...mine, author: 'u', expand: { author: { name: 'A' } } } }], order, 1);
    expect(inserted(labelled, { ...mine, author: 'u' }, order).entries[2]?.record.expand).toEqual({ author: { name: 'A' } });
    expect(ids(inserted(inserted(noRows, mine, order), mine, order))).toBe('m');
  });

  it('replaces in place and keeps the expansions that still hold', () => {
    const rows = firstPage([row('a', 1, { author: 'u', room: 'r', expand: { author: { name: 'A' }, room: { name: 'R' } } })], null);
    const next = replaced(rows, row('a', 2, { author: 'u', room: 'q' })).entries[0]?.record;
    expect(next?.expand).toEqual({ author: { name: 'A' } });
    expect(ids(without(rows, ['a']))).toBe('');
  });

  it('does not let a late answer of ours undo what others wrote since', () => {
    const rows = firstPage([row('a', 77, { updatedAt: '2026-01-02' })], null);
    expect(replaced(rows, row('a', 12, { updatedAt: '2026-01-01' }))).toBe(rows);
    const waits = applied(noRows, [{ type: 'create', id: 'm', record: row('m', 77, { updatedAt: '2026-01-02' }) }], order, 1);
    expect(inserted(waits, row('m', 12, { updatedAt: '2026-01-01' }), order).entries[0]?.record.n).toBe(77);
  });
});

describe('same', () => {
  it('compares JSON deeply, big integers too', () => {
    expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(same({ a: undefined }, { b: undefined })).toBe(false);
    expect(same([1], { 0: 1 })).toBe(false);
    expect(same(9223372036854775807n, 9223372036854775807n)).toBe(true);
    expect(same(null, {})).toBe(false);
  });

  it('tells which fields differ', () => {
    expect(differing(row('a', 1, { updatedAt: 'x', t: [1] }), row('a', 2, { updatedAt: 'y', t: [1] }))).toEqual(['n']);
  });
});

import { PlinthError } from '@plinth/client';
import { describe, expect, it, vi } from 'vitest';
import { columnsOf } from '../columns';
import type { Row } from '../live/rows';
import type { Records, Seen } from '../write/records';
import { RecordForm } from './form.svelte';

vi.mock('../../../session/client', () => ({ client: {} }));
vi.mock('../../../session/exactWire', () => ({}));

const columns = columnsOf({
  schema: {
    required: ['body', 'kind'],
    properties: {
      body: { type: 'string', maxLength: 5 },
      kind: { enum: ['a', 'b'], default: 'a' },
      likes: { type: 'integer', minimum: 0 },
      slug: { type: 'string', readOnly: true },
    },
  },
});
const seen = (more: object, version = 'v1'): Seen => ({ record: { id: 'r', body: 'x', kind: 'a', likes: 2, slug: 's', ...more } as Row, version });
const editing = (base: Seen | null = seen({})) => {
  const form = new RecordForm(() => columns);
  form.base = base;
  return form;
};
const refusing = (errors: { pointer: string; code: string; message: string }[]) =>
  ({ update: () => Promise.reject(new PlinthError({ status: 422, code: 'validation_failed', errors })) }) as unknown as Records;

describe('RecordForm', () => {
  it('counts what differs, not what was touched', () => {
    const form = editing();
    form.set('likes', '2');
    expect(form.changed).toEqual([]);
    form.set('likes', '5');
    form.set('body', 'y');
    expect(form.changes).toEqual({ likes: 5, body: 'y' });
    expect(form.ready).toBe(true);
    form.discard();
    expect(form.changed).toEqual([]);
  });

  it('is not ready while something is wrong, and counts the wrong field as changed', () => {
    const form = editing();
    form.set('likes', 'many');
    form.set('body', 'too long');
    expect(Object.keys(form.errors)).toEqual(['body', 'likes']);
    expect(form.changed).toEqual(['body', 'likes']);
    expect(form.ready).toBe(false);
  });

  it('does not blame an edit for a stored value that breaks a later rule', () => {
    const form = editing(seen({ body: 'longer than five' }));
    form.set('likes', '3');
    expect(form.errors).toEqual({});
  });

  it('places the server’s errors at their fields until those change, and keeps the rest', async () => {
    const form = editing();
    form.set('likes', '3');
    await form.save(refusing([{ pointer: '/likes', code: 'x', message: 'Too many.' }]));
    expect(form.errors).toEqual({ likes: 'Too many.' });
    expect(form.failure).toBeUndefined();
    form.set('likes', '4');
    expect(form.errors).toEqual({});
    await form.save(refusing([{ pointer: '/elsewhere', code: 'x', message: 'No.' }]));
    expect(form.failure).toBeDefined();
  });

  it('asks for what is missing of a new record only when it is to be saved', async () => {
    const form = editing(null);
    form.set('likes', '1');
    expect(form.errors).toEqual({});
    expect(columns.filter(({ name }) => name === 'kind').map((column) => form.raw(column))).toEqual(['a']);
    expect(await form.save({} as Records)).toBeNull();
    expect(Object.keys(form.errors)).toEqual(['body']);
    form.set('body', 'hi');
    const created: unknown[] = [];
    await form.save({ create: async (data: object) => (created.push(data), seen(data)) } as unknown as Records);
    expect(created).toEqual([{ likes: 1, body: 'hi' }]);
  });

  it('takes in what others changed, and makes a conflict only of what both did', () => {
    const form = editing();
    form.set('likes', '5');
    form.rebase(seen({ body: 'z' }, 'v2'));
    expect(columns.filter(({ name }) => name === 'body').map((column) => form.raw(column))).toEqual(['z']);
    expect(form.conflicts).toEqual([]);
    form.rebase(seen({ body: 'z', likes: 3 }, 'v3'));
    expect(form.conflicts).toEqual([{ field: 'likes', base: 2, mine: 5, theirs: 3 }]);
    expect(form.ready).toBe(false);
  });

  it('ends a conflict with either side', () => {
    for (const [side, left] of [
      ['mine', { likes: 5 }],
      ['base', { likes: 2 }],
      ['theirs', {}],
    ] as const) {
      const form = editing();
      form.set('likes', '5');
      form.rebase(seen({ likes: 3 }, 'v2'));
      form.merge({ likes: side });
      expect(form.changes).toEqual(left);
      expect(form.conflicts).toEqual([]);
    }
  });

  it('keeps what it started from when the other one writes once more', () => {
    const form = editing();
    form.set('likes', '5');
    form.rebase(seen({ likes: 3 }, 'v2'));
    form.rebase(seen({ likes: 3, body: 'z' }, 'v3'));
    expect(form.conflicts).toEqual([{ field: 'likes', base: 2, mine: 5, theirs: 3 }]);
  });
});

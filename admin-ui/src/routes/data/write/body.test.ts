import { describe, expect, it } from 'vitest';
import { bodyFor, patchOf } from './body';

const base = { id: 'a', updatedAt: 'x', body: 'b', meta: { client: 'web', deep: { x: 1, y: 2 } }, slug: 's' };
const own = ['body', 'meta'];

/** RFC 7386, as the server applies it. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name];
    else out[name] = apply(out[name], value);
  }
  return out;
}

describe('patchOf', () => {
  it.each([
    [{ a: 1 }, { a: 1 }],
    [{ a: 1, b: { c: 2 } }, { b: { c: 3 } }],
    [{ a: { b: 1 } }, { a: [1, null] }],
    [{ a: [1] }, { a: { b: 1 } }],
    [null, { a: 1 }],
    [{ a: 1 }, null],
    [{ a: 'x' }, { a: { b: { c: 1 } } }],
  ])('turns %o into %o when the server applies it', (before, after) => {
    expect(apply(before, patchOf(before, after))).toEqual(after);
  });
});

describe('bodyFor', () => {
  it('patches the changed fields alone', () => {
    expect(bodyFor(base, { body: null }, own)).toEqual({ method: 'update', data: { body: null } });
    expect(bodyFor(base, { meta: { client: 'web', deep: { x: 1 } } }, own)).toEqual({ method: 'update', data: { meta: { deep: { y: null } } } });
  });

  it('replaces the record where a patch would mean something else', () => {
    for (const meta of [{ a: null }, { deep: { $inc: 1 } }]) {
      expect(bodyFor(base, { meta }, own)).toEqual({ method: 'replace', data: { body: 'b', meta } });
    }
  });
});

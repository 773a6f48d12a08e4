import { describe, expect, it } from 'vitest';
import { covers, exposureOf } from './exposure';

const rule = (subject: string, object: string, effect = 'allow') => ({ subject, object, effect });

describe('exposureOf', () => {
  it('is locked without a rule, and with rules of administrators only', () => {
    expect(exposureOf('posts', [])).toBe('locked');
    expect(exposureOf('posts', [rule('role:admin', '*')])).toBe('locked');
  });

  it('is the widest audience of any allow rule', () => {
    const rules = [rule('role:editor', 'posts'), rule('role:user', 'posts')];
    expect(exposureOf('posts', rules.slice(0, 1))).toBe('roles');
    expect(exposureOf('posts', rules)).toBe('signed-in');
    expect(exposureOf('posts', [...rules, rule('role:public', 'po*')])).toBe('public');
  });

  it('counts one account as roles do, and deny rules not at all', () => {
    expect(exposureOf('posts', [rule('user:1', 'posts')])).toBe('roles');
    expect(exposureOf('posts', [rule('role:public', 'posts', 'deny')])).toBe('locked');
  });
});

describe('covers', () => {
  it('reads globs and leaves system objects alone', () => {
    expect(covers('po?ts', 'posts')).toBe(true);
    expect(covers('a.*', 'abc')).toBe(false);
    expect(covers('*', 'posts')).toBe(true);
    expect(covers('sys:*', 'posts')).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import type { Rule } from '@plinth/client/admin';
import { byRole, cellOf, rulingOf } from './cells';

let ids = 0;
function rule(subject: string, object: string, action: Rule['action'], condition = '', more: Partial<Rule> = {}): Rule {
  return { id: `r${++ids}`, subject, object, action, condition, fields: '', effect: 'allow', ...more };
}

describe('what rules come down to', () => {
  const allow = { effect: 'allow', condition: '', fields: '' } as const;
  const some = { effect: 'allow', condition: 'a == 1', fields: '' } as const;
  const deny = { effect: 'deny', condition: '', fields: '' } as const;
  const denySome = { effect: 'deny', condition: 'a == 2', fields: '' } as const;

  test.each([
    ['nothing', [], 'none'],
    ['an allow', [allow], 'allow'],
    ['a condition', [some], 'if'],
    ['the wider of two', [some, allow], 'allow'],
    ['a deny beats every allow', [allow, deny], 'deny'],
    ['a conditional deny makes an allow depend on the row', [allow, denySome], 'if'],
    ['a deny alone, however narrow', [denySome], 'deny'],
    ['denied fields leave the rows alone', [allow, { ...deny, fields: 'salary' }], 'allow'],
    ['denied fields allow nothing', [{ ...deny, fields: 'salary' }], 'none'],
  ] as const)('%s', (_, rules, ruling) => expect(rulingOf(rules)).toBe(ruling));
});

describe('a cell', () => {
  const lineage = ['editor', 'user', 'public'];

  test('takes what the role inherits, and names where from', () => {
    const rules = byRole([rule('role:user', 'posts', 'read', 'mine'), rule('role:public', 'posts', 'read', 'live')]);
    expect(cellOf(lineage, 'read', 'posts', rules)).toMatchObject({ ruling: 'if', inheritedFrom: 'user', own: [] });
    expect(cellOf(lineage, 'create', 'posts', rules)).toMatchObject({ ruling: 'none', inheritedFrom: null });
  });

  test('is its own as soon as its own rule decides', () => {
    const rules = byRole([rule('role:editor', 'posts', '*'), rule('role:user', 'posts', 'read', 'mine')]);
    expect(cellOf(lineage, 'read', 'posts', rules)).toMatchObject({ ruling: 'allow', inheritedFrom: null });
  });

  test('says so where an own rule changes nothing', () => {
    const rules = byRole([rule('role:editor', 'posts', 'read', 'mine'), rule('role:public', 'posts', 'read')]);
    expect(cellOf(lineage, 'read', 'posts', rules)).toMatchObject({ ruling: 'allow', inheritedFrom: 'public' });
  });

  test('is denied by an inherited deny, whatever the role itself allows', () => {
    const rules = byRole([rule('role:editor', 'posts', 'read'), rule('role:user', 'posts', 'read', '', { effect: 'deny' })]);
    expect(cellOf(lineage, 'read', 'posts', rules)).toMatchObject({ ruling: 'deny', inheritedFrom: 'user' });
  });

  test('is reached by globs and by rules on all actions, not by those on the administration or of accounts', () => {
    const rules = byRole([rule('role:editor', 'blog_*', '*'), rule('role:editor', 'sys:*', '*'), rule('user:1', 'posts', 'read')]);
    expect(cellOf(lineage, 'delete', 'blog_posts', rules).ruling).toBe('allow');
    expect(cellOf(lineage, 'read', 'posts', rules).ruling).toBe('none');
  });
});

import { expect, test } from 'vitest';
import { heldRoles } from './held';

test('roles that were given stand first and can be told from those that come with them', () => {
  const members = { editor: ['role:moderator', 'user:b'], moderator: ['user:a'] };
  expect(heldRoles('a', ['editor', 'moderator', 'public', 'user'], members)).toEqual([
    { role: 'moderator', direct: true },
    { role: 'editor', direct: false },
    { role: 'public', direct: false },
    { role: 'user', direct: false },
  ]);
});

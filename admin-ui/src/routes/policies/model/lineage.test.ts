import { expect, test } from 'vitest';
import { inOrder, lineageOf, linksOf, mayInherit } from './lineage';

const links = linksOf({ user: ['role:editor'], editor: ['role:chief', 'user:1'], public: ['role:user'] });

test('links are the roles among the members', () => {
  expect(Object.fromEntries(links)).toEqual({ editor: ['user'], chief: ['editor'], user: ['public'] });
});

test('a role inherits its parents, and what every account has last', () => {
  expect(lineageOf('chief', links)).toEqual(['chief', 'editor', 'user', 'public']);
  expect(lineageOf('user', links)).toEqual(['user', 'public']);
  expect(lineageOf('public', links)).toEqual(['public']);
});

test('an account with a role is a user also where no link says so', () => {
  expect(lineageOf('service', links)).toEqual(['service', 'user', 'public']);
});

test('a circle of links ends', () => {
  const circle = linksOf({ a: ['role:b'], b: ['role:a'] });
  expect(lineageOf('a', circle)).toEqual(['a', 'b', 'user', 'public']);
});

test('nobody inherits from an heir', () => {
  expect(mayInherit('editor', 'chief', links)).toBe(false);
  expect(mayInherit('editor', 'editor', links)).toBe(false);
  expect(mayInherit('chief', 'service', links)).toBe(true);
});

test('public and user stand first, administrators have no column', () => {
  expect(inOrder(['user', 'zeta', 'admin', 'editor', 'public'])).toEqual(['public', 'user', 'editor', 'zeta']);
});

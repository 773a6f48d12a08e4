import { expect, it } from 'vitest';
import { type Session, memoryStore } from '../../src/index.js';
import { client, newcomer } from './room.js';

it('an account registers, signs out, and signs in again', async () => {
  const { db, id, email, password } = await newcomer();
  expect(await db.auth.me()).toMatchObject({ id, email, verified: false });
  await db.auth.logout();
  await expect(db.auth.me()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
  expect(await db.auth.login(email, password)).toMatchObject({ id, email });
});

it('wrong credentials are told apart from nothing', async () => {
  const { email } = await newcomer();
  const refusals = await Promise.all([email, 'nobody@example.com'].map((address) => client().auth.login(address, 'not the password').catch((error: unknown) => error)));
  for (const refusal of refusals) expect(refusal).toMatchObject({ status: 401, code: 'invalid_credentials' });
});

it('a renewal rotates both tokens, and many at once are one', async () => {
  const { email, password } = await newcomer();
  const seen: (Session | null)[] = [];
  const store = memoryStore();
  const set = (session: Session | null): void => {
    seen.push(session);
    store.set(session);
  };
  const db = client({ store: { ...store, set } });
  await db.auth.login(email, password);
  await Promise.all(Array.from({ length: 10 }, () => db.auth.refresh()));
  expect(seen).toHaveLength(2);
  expect(new Set(seen.map((session) => session?.refreshToken)).size).toBe(2);
  expect(await db.auth.me()).toMatchObject({ email });
});

it('a session can be seen and ended from another one', async () => {
  const { db, email, password } = await newcomer();
  const other = client();
  await other.auth.login(email, password);
  const sessions = await db.auth.sessions();
  expect(sessions).toHaveLength(2);
  const [theirs] = sessions.filter(({ current }) => !current);
  await db.auth.revokeSession(theirs?.id ?? '');
  await expect(other.auth.me()).rejects.toMatchObject({ status: 401 });
  expect(other.auth.user).toBeNull();
  expect(await db.auth.me()).toMatchObject({ email });
});

it('a new password ends all other sessions and is asked for from then on', async () => {
  const { db, email, password } = await newcomer();
  const other = client();
  await other.auth.login(email, password);
  const newPassword = `${password} again`;
  await db.auth.changePassword({ currentPassword: password, newPassword });
  await expect(other.auth.me()).rejects.toMatchObject({ status: 401 });
  await expect(client().auth.login(email, password)).rejects.toMatchObject({ code: 'invalid_credentials' });
  expect(await client().auth.login(email, newPassword)).toMatchObject({ email });
});

/**
 * Who is signed in. The refresh token is a cookie that scripts cannot read; the access token lives in
 * memory, in the client. So a reload asks once for the session, and nothing is left in storage to steal
 * but the word that there is one (`begun.ts`).
 */
import type { User } from '@plinth/client';
import type { Schema } from './client';
import { PlinthError } from '@plinth/client';
import { clear } from '../query/query.svelte';
import { router } from '../router/router.svelte';
import { partsFor, type Part } from './access';
import { markBegun, wasBegun } from './begun';
import { admin, client } from './client';

export type Account = User<Schema>;

class Session {
  /** `starting` until the server was asked. */
  state = $state<'starting' | 'out' | 'in' | 'unreachable'>('starting');
  account = $state.raw<Account | null>(null);
  error = $state.raw<unknown>();
  /** What of the administration this account is let into. */
  parts = $state.raw<ReadonlySet<Part>>(new Set());

  /** Takes up the session that the cookie holds, or leads to set-up where that is still open. */
  async start(): Promise<void> {
    this.state = 'starting';
    try {
      const account = wasBegun() ? await client.auth.restore() : null;
      if (account) return await this.#entered(account);
      markBegun(false);
      if (await admin.setup.isOpen()) await router.go(`/setup${location.hash}`, { replace: true });
      this.state = 'out';
    } catch (error) {
      this.error = error;
      this.state = 'unreachable';
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.#entered(await client.auth.login(email, password));
  }

  /** Creates the first administrator with the code of the set-up link, and is that account from then on. */
  async setUp(token: string, email: string, password: string): Promise<void> {
    await this.#entered(await admin.setup.complete({ token, email, password }));
  }

  async signOut(): Promise<void> {
    try {
      await client.auth.logout();
    } finally {
      this.#left();
    }
  }

  /** Hears of an end that came from elsewhere: revoked, another tab, a disabled account. */
  watch(): () => void {
    return client.auth.onChange((account) => {
      if (account) this.account = account;
      else if (this.state === 'in') this.#left();
    });
  }

  get isAdmin(): boolean {
    return this.account?.roles.includes('admin') ?? false;
  }

  async #entered(account: Account): Promise<void> {
    clear();
    markBegun(true);
    this.parts = await partsFor(account);
    this.account = account;
    this.state = 'in';
  }

  #left(): void {
    clear();
    markBegun(false);
    this.account = null;
    this.state = 'out';
  }

  /** Leads to sign-in, and from there back to this place: whoever is out sees no other, also by Back. */
  askToSignIn(): void {
    const back = router.path === '/' ? '' : `?next=${encodeURIComponent(router.path + location.search)}`;
    void router.go(`/sign-in${back}`, { replace: true });
  }
}

/** The session of this page. */
export const session = new Session();

/** Whether the caller is not let in rather than something being broken. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PlinthError && (error.status === 403 || error.status === 404 || error.status === 401);
}

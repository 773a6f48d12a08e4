import type { User } from '../auth.js';
import type { Client } from '../client.js';
import type { SchemaShape } from '../schema.js';

/** The first administrator. */
export interface Setup<S extends SchemaShape> {
  /** Whether there is no administrator yet. */
  isOpen(): Promise<boolean>;
  /** Makes the administrator with the token of the set-up link, and signs in. */
  complete(answer: { token: string; email: string; password: string }): Promise<User<S>>;
}

/** The routes of `/setup`. */
export function setup<S extends SchemaShape>({ request, auth }: Client<S>): Setup<S> {
  return {
    isOpen: async () => (await request<{ open: boolean }>('GET', '/setup', { anonymous: true })).body.open,
    complete: (answer) => auth.signIn('/setup', answer),
  };
}

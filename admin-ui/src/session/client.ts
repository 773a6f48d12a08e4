/** The one client of the panel. It uses the public API through the SDK as any app does. */
import { createClient, type AnySchema } from '@plinth/client';
import { createAdmin } from '@plinth/client/admin';
import { exactFetch, ExactSocket } from './exactWire';

/** Collections are known at run time only. */
export type Schema = AnySchema;

export const client = createClient<Schema>(location.origin, { session: 'cookie', fetch: exactFetch, WebSocket: ExactSocket });

/** Collections, policies, roles, users and the set-up. */
export const admin = createAdmin(client);

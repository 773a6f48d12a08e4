/** What the client sent, as a test wants to look at it. */
export interface Sent {
  method: string;
  /** Path and query below `/api/v1`. */
  path: string;
  headers: { [name: string]: string };
  body: unknown;
  credentials: RequestCredentials | undefined;
}

/** What a route answers: a status with a body, or an error to throw as `fetch` does. */
export type Reply = Answer | Error;

interface Answer {
  status?: number;
  body?: unknown;
  headers?: { [name: string]: string };
}

/** A `fetch` that asks `answer` and remembers what came; answers may take as long as the test likes. */
export function fakeServer(answer: (sent: Sent) => Reply | Promise<Reply>): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const fake: typeof fetch = async (input, init = {}) => {
    const request: Sent = {
      method: init.method ?? 'GET',
      path: (input instanceof Request ? input.url : input).toString().replace('http://plinth.test/api/v1', ''),
      headers: init.headers as Sent['headers'],
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      credentials: init.credentials,
    };
    sent.push(request);
    init.signal?.throwIfAborted();
    const reply = await answer(request);
    if (reply instanceof Error) throw reply;
    const { status = 200, body, headers } = reply;
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { ...(body !== undefined && { 'content-type': type }), ...headers } });
  };
  return { fetch: fake, sent };
}

/** Where the fake server is. */
export const URL_OF_SERVER = 'http://plinth.test';

/** A refusal as the server sends it. */
export function problem(status: number, code: string, more: object = {}, headers: { [name: string]: string } = {}): Reply {
  return { status, body: { type: `/problems/${code}`, title: code, status, code, requestId: 'r1', ...more }, headers };
}

/** The answer of the routes that sign in. */
export function tokens(name: string, expiresIn = 600, id = 'u1'): Reply {
  return { body: { user: { id, email: `${id}@b.co`, roles: [] }, accessToken: `access-${name}`, refreshToken: `refresh-${name}`, expiresIn } };
}

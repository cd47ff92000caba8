import type { Role } from '../../src/server/people.ts';

export interface Session {
  email: string;
  roles: Role[];
  isOwner: boolean;
  csrf?: string;
}

export interface SpecProblem {
  path: string;
  message: string;
}

/** What the server refused, in its own words, with what to do. */
export class Refused extends Error {
  readonly status: number;
  readonly next: string | undefined;
  readonly problems: SpecProblem[];
  /** Whom to sign in with. */
  readonly provider: string | undefined;

  constructor(
    status: number,
    problem: { detail?: string; next?: string; problems?: SpecProblem[]; provider?: string }
  ) {
    super(problem.detail ?? `the server answered ${status}`);
    this.status = status;
    this.next = problem.next;
    this.problems = problem.problems ?? [];
    this.provider = problem.provider;
  }
}

/** Told to the window when a session has ended; `detail` is the refusal. */
export const SIGNED_OUT = 'stepdown:signed-out';

let csrf = '';

export async function loadSession(): Promise<Session> {
  const session = await get<Session>('/api/session');
  csrf = session.csrf ?? '';
  return session;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => send<T>(path, signal ? { signal } : {});

/** A change; the key makes it safe to send again when the answer was lost. */
export function post<T>(path: string, body: unknown, key: string): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf, 'idempotency-key': key };
  return send<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** With where the identity provider signs out too, where it does. */
export const signOut = (): Promise<{ next: string } | undefined> =>
  send('/api/session', { method: 'DELETE', headers: { 'x-csrf-token': csrf } });

/** With the code of a link that works once. */
export const signIn = async (code: string): Promise<void> => {
  const response = await fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ code }), redirect: 'manual' });
  if (response.type !== 'opaqueredirect' && !response.ok) throw await refusal(response);
};

/** `crypto.randomUUID` is only there over HTTPS and on the machine itself. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch(() => {
    throw new Refused(0, { detail: 'the server does not answer', next: 'is `stepdown up` running?' });
  });
  if (!response.ok) {
    const refused = await refusal(response);
    if (refused.status === 401) dispatchEvent(new CustomEvent(SIGNED_OUT, { detail: refused }));
    throw refused;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function refusal(response: Response): Promise<Refused> {
  return new Refused(response.status, await response.json().catch(() => ({})));
}

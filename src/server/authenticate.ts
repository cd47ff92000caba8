import { timingSafeEqual } from 'node:crypto';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sha256 } from '../storage/artifacts.ts';
import type { Access } from './access.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { may, type Permission, type Person } from './people.ts';
import { Problem } from './problem.ts';
import { whyNot } from './sign-in-refusals.ts';

export const SESSION_COOKIE = 'stepdown_session';
export const sessionCookie = (publicUrl: string) =>
  ({ path: '/', httpOnly: true, sameSite: 'strict', secure: publicUrl.startsWith('https:') }) as const;
const ASK_AGAIN_MS = 1_000;
const SAFE = ['GET', 'HEAD', 'OPTIONS'];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be allowed; a route under /api without it is refused to everybody. */
    needs?: Permission;
    /** Whether an Idempotency-Key makes the answer repeatable. */
    repeatable?: boolean;
  }
  interface FastifyRequest {
    person: Person;
    csrf?: string;
  }
}

/** Every request under /api is somebody's, and a cookie alone changes nothing: pages add the session's CSRF token. */
export function authenticate(app: FastifyInstance, access: Access, provider?: IdentityProvider): void {
  app.decorateRequest('person');
  app.decorateRequest('csrf');
  const whoIs = async (request: FastifyRequest): Promise<Person> =>
    (await byBearer(request, access, provider)) ?? bySession(request, access, provider?.name);
  // after the limits on how often, which routes have as their own onRequest
  app.addHook('preParsing', async (request, reply) => {
    const { url = request.url, config } = request.routeOptions; // of the route: what was sent has other spellings
    if (!url.startsWith('/api')) return;
    request.person = await whoIs(request);
    if (request.is404) return;
    if (!config.needs || !may(request.person, config.needs))
      throw new Problem(
        403,
        `${request.person.email} (${request.person.roles.join(', ') || 'no role'}) may not do this`
      );
    endWith(() => whoIs(request), reply);
  });
}

/** What goes on for long, as live events do, ends with the session or token that it was let in by. */
function endWith(ask: () => Promise<Person>, { raw }: FastifyReply): void {
  const asking = setInterval(() => {
    ask().catch((error: unknown) => error instanceof Problem && error.status === 401 && raw.destroy());
  }, ASK_AGAIN_MS);
  finished(raw, () => clearInterval(asking));
}

async function byBearer(
  request: FastifyRequest,
  access: Access,
  provider?: IdentityProvider
): Promise<Person | undefined> {
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) return undefined;
  const person = access.personOf(given) ?? (await provider?.personOf(given).catch(isAway));
  if (!person) throw new Problem(401, 'the bearer token is not known here, or it has expired');
  return person;
}

function isAway(error: unknown): never {
  if (whyNot(error).status >= 500)
    throw new Problem(503, 'the identity provider does not answer; tokens of `stepdown access` are taken');
  throw error;
}

function bySession(request: FastifyRequest, access: Access, provider?: string): Person {
  const cookie = request.cookies[SESSION_COOKIE];
  const session = cookie ? access.session(cookie) : undefined;
  if (!session)
    throw provider
      ? new Problem(401, 'sign in first', { next: `sign in with ${provider}, at /auth/login`, provider })
      : new Problem(401, 'sign in first: `stepdown up` and `stepdown access` print links for it');
  request.csrf = session.csrf;
  if (!SAFE.includes(request.method)) {
    const given = String(request.headers['x-csrf-token'] ?? '');
    if (!isSame(given, session.csrf) || request.headers['sec-fetch-site'] === 'cross-site')
      throw new Problem(403, 'the request did not come from a page of this server; reload the page');
  }
  return session.person;
}

export const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));

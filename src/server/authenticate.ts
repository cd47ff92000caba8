import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sha256 } from '../storage/artifacts.ts';
import type { Access } from './access.ts';
import { may, type Permission, type Person } from './people.ts';
import { Problem } from './problem.ts';

export const SESSION_COOKIE = 'stepdown_session';
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

type Verifier = (token: string) => Promise<Person | undefined>;

/** Every request under /api is somebody's, and a cookie alone changes nothing: pages add the session's CSRF token. */
export function authenticate(app: FastifyInstance, { access, verify }: { access: Access; verify?: Verifier }): void {
  app.decorateRequest('person');
  app.decorateRequest('csrf');
  app.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/api')) return;
    const { needs } = request.routeOptions.config;
    request.person = (await byBearer(request, access, verify)) ?? bySession(request, access);
    if (request.is404) return;
    if (!needs || !may(request.person, needs))
      throw new Problem(
        403,
        `${request.person.email} (${request.person.roles.join(', ') || 'no role'}) may not do this`
      );
  });
}

async function byBearer(request: FastifyRequest, access: Access, verify?: Verifier): Promise<Person | undefined> {
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) return undefined;
  const person = access.personOf(given) ?? (await verify?.(given));
  if (!person) throw new Problem(401, 'the bearer token is not known here, or it has expired');
  return person;
}

function bySession(request: FastifyRequest, access: Access): Person {
  const cookie = request.cookies[SESSION_COOKIE];
  const session = cookie ? access.session(cookie) : undefined;
  if (!session) throw new Problem(401, 'sign in first: `stepdown up` and `stepdown access` print links for it');
  request.csrf = session.csrf;
  if (!SAFE.includes(request.method)) {
    const given = String(request.headers['x-csrf-token'] ?? '');
    if (!isSame(given, session.csrf) || request.headers['sec-fetch-site'] === 'cross-site')
      throw new Problem(403, 'the request did not come from a page of this server; reload the page');
  }
  return session.person;
}

const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));

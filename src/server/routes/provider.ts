import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { html } from '../../report/html.ts';
import { page } from '../../report/page.ts';
import { isSame, SESSION_COOKIE, sessionCookie } from '../authenticate.ts';
import { namesIn, personIn } from '../claims.ts';
import type { Desk } from '../desk.ts';
import { type IdentityProvider, type Said, stateOf } from '../identity-provider.ts';
import type { Person } from '../people.ts';
import { NotSignedIn, whyNot } from '../sign-in-refusals.ts';

const SIGN_IN_COOKIE = 'stepdown_sign_in';
const OFFICE = { max: 60, timeWindow: '1 minute' }; // many people behind one address
const CALLBACK = '/auth/callback';

/** Signing people in at the identity provider: authorization code with PKCE, state and nonce. */
export function providerRoutes(desk: Desk, provider: IdentityProvider): void {
  const { app, access, publicUrl } = desk;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const cookie = sessionCookie(publicUrl());
  // lax: the provider's redirect comes from another site
  const begunCookie = { ...cookie, path: '/auth', sameSite: 'lax', maxAge: 600 } as const;
  const callback = () => `${publicUrl()}${CALLBACK}`;
  const routes = { config: { rateLimit: OFFICE }, exposeHeadRoute: false };

  typed.get(
    '/auth/login',
    { ...routes, schema: { querystring: z.object({ to: z.string().max(2_000).default('/') }), hide: true } },
    (request, reply) =>
      shown(reply, async () => {
        const begun = access.beginSignIn(within(request.query.to, publicUrl()));
        const address = await provider.addressOf(begun, callback());
        return reply.setCookie(SIGN_IN_COOKIE, begun, begunCookie).redirect(address.href, 303);
      })
  );
  typed.get(CALLBACK, { ...routes, schema: { hide: true } }, (request, reply) =>
    shown(reply, async () => {
      const answer = new URL(callback());
      answer.search = new URL(request.url, publicUrl()).search;
      const begun = request.cookies[SIGN_IN_COOKIE] ?? '';
      const isOurs = isSame(answer.searchParams.get('state') ?? '', stateOf(begun));
      const destination = isOurs ? access.takeSignIn(begun) : undefined;
      if (destination === undefined)
        throw new NotSignedIn(
          400,
          'This sign-in was not begun in this browser, was finished already, or took longer than ten minutes.'
        );
      reply.clearCookie(SIGN_IN_COOKIE, begunCookie);
      const said = await provider.redeem(begun, answer);
      const session = access.startSession(personOf(said, desk), said);
      return reply.setCookie(SESSION_COOKIE, session, cookie).redirect(destination, 303);
    })
  );
}

function personOf({ claims }: Said, { config }: Desk): Person {
  const naming = config.oidc!;
  const person = personIn(claims, naming);
  if (typeof person === 'string')
    throw new NotSignedIn(403, person, 'Have your address entered and verified there, then sign in again.');
  if (person.roles.length > 0) return person;
  const named = namesIn(claims, naming.rolesClaim);
  throw new NotSignedIn(
    403,
    `${person.email} is known at the identity provider, and has no role in Stepdown. The claim ${naming.rolesClaim} says: ${named.join(', ') || 'nothing'}.`,
    'Ask whoever runs Stepdown, or your identity provider, for one of its roles.'
  );
}

/** An address of this server, whole, whatever was asked for: `//elsewhere` and its spellings are other hosts. */
export function within(asked: string, home: string): string {
  if (!asked.startsWith('/') || !URL.canParse(asked, home)) return new URL(home).href;
  const wanted = new URL(asked, home);
  return wanted.origin === new URL(home).origin ? wanted.href : new URL(home).href;
}

async function shown(reply: FastifyReply, answer: () => Promise<FastifyReply>): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store');
  try {
    return await answer();
  } catch (error) {
    const { status, message, next } = whyNot(error);
    const body = html`<main><h1>Not signed in</h1><p role="alert">${message}</p><p>${next}</p>
<p><a href="/auth/login">Sign in again</a></p></main>`;
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(page({ title: 'Not signed in', body }));
  }
}

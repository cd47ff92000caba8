import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { html } from '../../report/html.ts';
import { page } from '../../report/page.ts';
import { SESSION_COOKIE, sessionCookie } from '../authenticate.ts';
import type { Desk } from '../desk.ts';
import { ROLES } from '../people.ts';

const codeForm = z.object({ code: z.string().min(20).max(200) });
const FEW = { max: 10, timeWindow: '1 minute' };

/** For the person who followed a link that is no good any more. */
const notSignedIn = (reply: FastifyReply): FastifyReply =>
  reply
    .code(401)
    .type('text/html')
    .send(
      page({
        title: 'Not signed in',
        body: html`<main><h1>Not signed in</h1><p role="alert">This sign-in link was used before or is older than 15 minutes.</p>
<p>Ask whoever runs Stepdown for another one; <code>npx stepdown access link</code> makes it.</p></main>`,
      })
    );

/** Signing in and out, and letting others in. */
export function sessionRoutes({ app, access, provider, publicUrl }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const cookie = sessionCookie(publicUrl());

  typed.get(
    '/sign-in',
    { config: { rateLimit: FEW }, schema: { querystring: codeForm, hide: true } },
    async ({ query: { code } }, reply) => {
      if (!access.isRedeemable(code)) return notSignedIn(reply);
      const body = html`<main><h1>Sign in to Stepdown</h1><form method="post" action="/sign-in">
<input type="hidden" name="code" value="${code}"><button>Sign in</button></form><p>The link works once.</p></main>`;
      return reply.type('text/html').send(page({ title: 'Sign in to Stepdown', body }));
    }
  );
  typed.post(
    '/sign-in',
    { config: { rateLimit: FEW }, schema: { body: codeForm, hide: true } },
    async ({ body: { code } }, reply) => {
      const session = access.redeem(code);
      if (!session) return notSignedIn(reply);
      return reply.setCookie(SESSION_COOKIE, session, cookie).redirect('/', 303);
    }
  );
  typed.get(
    '/api/session',
    { config: { needs: 'read' }, schema: { summary: 'Who is signed in, and the token for changes by cookie' } },
    async ({ person, csrf }) => ({ ...person, csrf })
  );
  typed.delete(
    '/api/session',
    { config: { needs: 'read' }, schema: { summary: 'Sign out; `next` is where the identity provider does it too' } },
    async (request, reply) => {
      const session = request.cookies[SESSION_COOKIE];
      const idToken = session && access.endSession(session);
      reply.clearCookie(SESSION_COOKIE, cookie);
      const address = idToken && provider?.signOutAddress(idToken, `${publicUrl()}/`);
      const next = await Promise.resolve(address).catch(() => undefined); // it is away: signed out here all the same
      return next ? { next } : reply.code(204).send();
    }
  );
  typed.post(
    '/api/people',
    {
      config: { needs: 'admit' },
      schema: {
        summary: 'Let somebody in: a sign-in link that works once, or a token for programs',
        body: z.strictObject({
          email: z.email(),
          roles: z.array(z.enum(ROLES)).min(1),
          token: z.boolean().default(false),
        }),
      },
    },
    async ({ body: { email, roles, token } }, reply) => {
      reply.code(201).header('cache-control', 'no-store');
      if (token) return { email, roles, token: access.issueToken(email, roles) };
      const code = access.issueCode({ email, roles, isOwner: false });
      return { email, roles, signIn: `${publicUrl()}/sign-in?code=${code}` };
    }
  );
  typed.delete(
    '/api/people/:email',
    {
      config: { needs: 'admit' },
      schema: { summary: 'Take away tokens and sessions', params: z.object({ email: z.email() }) },
    },
    async ({ params: { email } }, reply) => {
      access.dismiss(email);
      return reply.code(204).send();
    }
  );
}

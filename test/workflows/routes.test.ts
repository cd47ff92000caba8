import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { request } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../src/server/people.ts';
import { type Api, startApi } from './api.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

const SHA = 'a'.repeat(64);
const EVERYBODY = [...ROLES];
const [STARTS, DECIDES, STEERS]: Role[][] = [
  ['engineer', 'admin'],
  ['approver', 'admin'],
  ['operator', 'admin'],
];
const decision = { outcome: 'approved', evidenceSha256: SHA };
const command = { comment: 'seen', incident: 1 };

/** Every route with who may use it; `open` asks nobody who they are. */
const ROUTES: Record<string, Role[] | 'open'> = {
  'GET /': 'open',
  'GET /inbox': 'open',
  'GET /new': 'open',
  'GET /engagements/*': 'open',
  'GET /portfolios': 'open',
  'GET /portfolios/*': 'open',
  'GET /assets/:file': 'open',
  'GET /health': 'open',
  'GET /sign-in': 'open',
  'POST /sign-in': 'open',
  'GET /auth/login': 'open',
  'GET /auth/callback': 'open',
  'GET /decision': 'open',
  'POST /decision': 'open',
  'GET /api/session': EVERYBODY,
  'DELETE /api/session': EVERYBODY,
  'GET /api/engagements': EVERYBODY,
  'POST /api/engagements': STARTS!,
  'GET /api/specifications/schema': STARTS!,
  'POST /api/specifications': STARTS!,
  'POST /api/specifications/dry-lap': STARTS!,
  'GET /api/engagements/:name': EVERYBODY,
  'POST /api/engagements/:name/cancel': STARTS!,
  'GET /api/engagements/:name/candidates': EVERYBODY,
  'GET /api/engagements/:name/document': EVERYBODY,
  'GET /api/engagements/:name/cost': EVERYBODY,
  'GET /api/engagements/:name/journal': EVERYBODY,
  'GET /api/engagements/:name/verification': EVERYBODY,
  'GET /api/engagements/:name/events': EVERYBODY,
  'GET /api/engagements/:name/live': EVERYBODY,
  'GET /api/engagements/:name/report': EVERYBODY,
  'GET /api/engagements/:name/phases/:phase/report': EVERYBODY,
  'GET /api/engagements/:name/deployment': EVERYBODY,
  'GET /api/engagements/:name/service-level': EVERYBODY,
  'GET /api/engagements/:name/rollout': EVERYBODY,
  'POST /api/engagements/:name/gates/:gate/decision': DECIDES!,
  'POST /api/engagements/:name/rollout/:command': STEERS!,
  'GET /api/engagements/:name/support': EVERYBODY,
  'POST /api/engagements/:name/support/:command': STEERS!,
  'GET /api/portfolios': EVERYBODY,
  'POST /api/portfolios': STARTS!,
  'GET /api/portfolios/:name': EVERYBODY,
  'POST /api/portfolios/:name/:command': STARTS!,
  'GET /api/events': EVERYBODY,
  'GET /api/gates': EVERYBODY,
  'GET /api/artifacts/:sha256': EVERYBODY,
  'GET /api/outbox': EVERYBODY,
  'GET /api/openapi.json': EVERYBODY,
  'POST /api/people': ['admin'],
  'DELETE /api/people/:email': ['admin'],
};

/** What makes a request whole, so that it is refused for the person and for nothing else. */
const BODIES: Record<string, object> = {
  'POST /api/engagements': { spec: 'none.yaml' },
  'POST /api/specifications': { spec: 'none.yaml', document: {} },
  'POST /api/specifications/dry-lap': { spec: 'none.yaml' },
  'POST /api/engagements/:name/gates/:gate/decision': decision,
  'POST /api/engagements/:name/rollout/:command': { comment: 'seen' },
  'POST /api/engagements/:name/support/:command': command,
  'POST /api/engagements/:name/cancel': { comment: 'too dear' },
  'POST /api/portfolios': { portfolio: 'none.yaml' },
  'POST /api/portfolios/:name/:command': {},
  'POST /api/people': { email: 'x@example.org', roles: ['viewer'] },
};

const PARAMETERS: Record<string, string> = {
  name: 'none',
  phase: 'ptq',
  gate: 'ptq',
  sha256: SHA,
  email: 'x@example.org',
};

/** As the server registered them. */
const registered = new Map<string, { method: Method; url: string; rateLimit: unknown }>();
let api: Api;
let port: number;

const watch = (message: unknown) =>
  (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url, config }) => {
    const pattern = url.replace(/^\/assets\/.*/, '/assets/:file');
    for (const each of [method].flat())
      registered.set(`${each} ${pattern}`, { method: each as Method, url, rateLimit: config?.rateLimit });
  });

beforeAll(async () => {
  subscribe('fastify.initialization', watch);
  const signIn = { clientId: 'c', scopes: 'openid' };
  const issuer = 'http://127.0.0.1:9'; // nobody answers
  api = await startApi({ oidc: { issuer, name: 'Acme', audience: 'a', rolesClaim: 'roles', signIn } });
  unsubscribe('fastify.initialization', watch);
  port = Number(new URL(await api.app.listen({ port: 0, host: '127.0.0.1' })).port);
});
afterAll(() => api.close());

interface Asked {
  method: Method;
  path: string;
  headers?: Record<string, string>;
  body?: object | undefined;
}

let addresses = 0;
/** Each address may ask so many times a minute. */
const anotherAddress = () => `127.0.1.${(addresses++ % 250) + 1}`;

/** The head of an answer, whose rest may go on for ever. */
const ask = ({ method, path, headers = {}, body }: Asked) =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const text = body && JSON.stringify(body);
    const about = text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {};
    const localAddress = anotherAddress();
    const options = { host: '127.0.0.1', port, method, path, localAddress, headers: { ...headers, ...about } };
    const asked = request(options, (answer) => {
      let said = '';
      const done = () => {
        asked.destroy();
        resolve({ status: answer.statusCode!, headers: answer.headers, text: said });
      };
      if (answer.headers['content-type'] === 'text/event-stream') done();
      else
        answer
          .setEncoding('utf8')
          .on('data', (chunk: string) => {
            said += chunk;
          })
          .once('end', done);
    });
    asked.once('error', reject).end(text);
  });

const bearer = (role: Role) => ({
  authorization: `Bearer ${api.access.issueToken(`${role}@example.org`, [role])}`,
});

/** A pattern with something in its places; commands are words of the pattern itself. */
const pathOf = (pattern: string, url: string) =>
  (pattern.startsWith('/assets') ? url : pattern)
    .replace(':command', /support/.test(pattern) ? 'acknowledge' : /portfolios/.test(pattern) ? 'pause' : 'rollback')
    .replace(/:(\w+)/g, (_, name) => PARAMETERS[name] ?? 'none')
    .replace('*', 'none');

const API = Object.entries(ROUTES).flatMap(([route, allowed]) =>
  allowed === 'open' ? [] : [[route, allowed] as const]
);
const OPEN = Object.keys(ROUTES).filter((route) => ROUTES[route] === 'open');

function asking(route: string): Asked {
  const [method, pattern] = route.split(' ') as [Method, string];
  return { method, path: pathOf(pattern, registered.get(route)?.url ?? pattern), body: BODIES[route] };
}

it('expects something of every route that the server has, and of no other', () => {
  const known = [...registered.keys()].filter((route) => !route.startsWith('HEAD '));
  expect(known.sort()).toEqual(Object.keys(ROUTES).sort());
});

/** What every answer says, errors and streams too. */
function keepsApart(headers: Record<string, unknown>): void {
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'|^sandbox;/);
  expect(headers['content-security-policy']).not.toMatch(/script-src|unsafe-eval/);
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(headers).not.toHaveProperty('x-powered-by');
}

describe('who may do what', () => {
  it.each(API)('%s', async (route, allowed) => {
    const asked = asking(route);
    const isRead = asked.method === 'GET';
    const bare = await ask(asked);
    expect([bare.status, JSON.parse(bare.text).title]).toEqual([401, 'Not signed in']);
    keepsApart(bare.headers);
    for (const spelled of [asked.path.replace('/api', '/%61pi'), `http://127.0.0.1:${port}${asked.path}`])
      expect([spelled, (await ask({ ...asked, path: spelled })).status]).toEqual([spelled, 401]);
    for (const role of ROLES) {
      const answer = await ask({ ...asked, headers: bearer(role) });
      expect([role, answer.status === 403]).toEqual([role, !allowed.includes(role)]);
      expect(answer.status).not.toBe(401);
      expect(answer.status).toBeLessThan(500);
      keepsApart(answer.headers);
      if (answer.status >= 400) expect(answer.headers['content-type']).toContain('application/problem+json');
    }
    if (isRead && registered.has(`HEAD ${route.split(' ')[1]}`))
      expect((await ask({ ...asked, method: 'HEAD' })).status).toBe(401);
  });

  it.each(API.filter(([route]) => !route.startsWith('GET')))(
    'by cookie, with a token of its page: %s',
    async (route, [role]) => {
      const session = api.access.startSession({ email: 'ana@example.org', roles: [role!], isOwner: false });
      const { csrf } = api.access.session(session)!;
      const send = async (headers: Record<string, string>) =>
        (await ask({ ...asking(route), headers: { cookie: `stepdown_session=${session}`, ...headers } })).status;
      expect(await send({})).toBe(403);
      expect(await send({ 'x-csrf-token': 'guessed' })).toBe(403);
      expect(await send({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect([401, 403]).not.toContain(await send({ 'x-csrf-token': csrf }));
    }
  );

  it.each(OPEN)('%s, whoever it is, and tells nothing of an engagement', async (route) => {
    const { status, headers, text } = await ask(asking(route));
    expect([401, 403]).not.toContain(status);
    keepsApart(headers);
    expect(text).not.toMatch(/@example\.org/);
  });

  it('by a method that a route does not have: nobody', async () => {
    for (const method of ['PUT', 'PATCH', 'TRACE', 'OPTIONS'] as unknown as Method[])
      for (const path of ['/api/people', '/decision', '/'])
        expect([method, path, (await ask({ method, path, headers: bearer('admin') })).status]).toEqual([
          method,
          path,
          404,
        ]);
  });
});

describe('how often', () => {
  it.each([
    ['GET', '/sign-in?code=guessed', 10],
    ['POST', '/sign-in', 10],
    ['GET', '/auth/callback?state=guessed&code=guessed', 60],
    ['GET', '/decision?link=guessed', 60],
    ['POST', '/decision', 60],
    ['GET', '/api/session', 600],
  ] as const)('%s %s; %s times a minute from one address', async (method, url, most) => {
    const remoteAddress = `10.1.${most % 256}.${method.length}${url.length % 10}`;
    const statuses: number[] = [];
    while (statuses.length <= most) {
      const { statusCode, headers } = await api.app.inject({ method, url, remoteAddress });
      statuses.push(statusCode);
      if (statusCode === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(statuses.indexOf(429)).toBe(most);
  });

  it('is limited for everything but the pages themselves and the sign of life', () => {
    const unlimited = [...registered].filter(([, { rateLimit }]) => rateLimit === false).map(([route]) => route);
    for (const route of unlimited)
      expect(route).toMatch(/^(GET|HEAD) \/($|inbox|new|engagements\/\*|portfolios$|portfolios\/\*|assets\/|health)/);
  });
});

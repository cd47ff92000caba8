import { createHash, timingSafeEqual } from 'node:crypto';
import { finished } from 'node:stream/promises';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { controlPlane, verdictOf } from './control-plane.ts';
import { dataPlane } from './data-plane.ts';
import { messageOf, Refusal } from './errors.ts';
import { metricsText } from './metrics.ts';
import { JSON_LENGTH_HEADER } from './protocol.ts';
import type { Routes } from './routes.ts';
import type { ServeLimits } from './serve.ts';
import type { Shadow } from './shadow.ts';
import type { Store } from './store.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const READ_OFF_MS = 5_000;
const RETRY_AFTER_SECONDS = '1';

export interface ServerInput {
  routes: Routes;
  store: Store;
  shadow: Shadow;
  limits: ServeLimits;
  token: string | undefined;
}

export function createServer({ routes, store, shadow, limits, token }: ServerInput): FastifyInstance {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: 'idle' });
  parseBodies(app);
  app.addHook('onRequest', (request) => refuseLargeBody(request));
  app.setErrorHandler((error, _request, reply) => {
    const { status, details } = described(error);
    if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
    if (status === 500 && !(error instanceof Refusal)) console.error(error);
    return reply.code(status).send({ error: messageOf(error), ...details });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `nothing is at ${request.method} ${request.url.split('?')[0]}` })
  );
  dataPlane(app, { routes, store, shadow, limits, authorize: (request) => requireToken(request, token) });
  controlPlane(app, {
    routes,
    authorize: (request) => {
      requireToken(request, token);
      if (!token && !isLoopback(request.socket.remoteAddress))
        throw new Refusal(403, 'without a token, the control plane answers on the loopback interface only');
    },
  });
  app.get<{ Querystring: { model?: string } }>('/verdict', (request) => verdictOf(routes, request.query.model));
  app.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(metricsText(routes.all(), shadow.waiting))
  );
  return app;
}

/** JSON, whatever the content type says, unless a header tells that raw tensors follow it. */
function parseBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (request.headers[JSON_LENGTH_HEADER] === undefined) parseJson(request, body.toString(), done);
    else done(null, body);
  });
}

/** Reads the body off before it answers: a client that is cut off while it writes sees no answer but a reset. */
async function refuseLargeBody({ headers, raw }: FastifyRequest): Promise<void> {
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes <= BODY_LIMIT_BYTES) return;
  const readOff = finished(raw.resume(), { signal: AbortSignal.timeout(READ_OFF_MS) });
  await readOff.catch(() => raw.destroy());
  throw new Refusal(413, `the body of ${bytes} bytes is too large; at most ${BODY_LIMIT_BYTES} are taken`);
}

function described(error: unknown): { status: number; details: Record<string, unknown> } {
  if (error instanceof Refusal) return { status: error.status, details: error.details };
  const { statusCode } = error as { statusCode?: number };
  return { status: statusCode ?? 500, details: {} };
}

function requireToken(request: FastifyRequest, token: string | undefined): void {
  if (!token) return;
  const given = request.headers.authorization ?? '';
  if (!timingSafeEqual(digest(given), digest(`Bearer ${token}`)))
    throw new Refusal(401, 'a bearer token is required: STEPDOWN_GATEWAY_TOKEN');
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

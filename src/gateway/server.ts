import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { controlPlane } from './control-plane.ts';
import { dataPlane } from './data-plane.ts';
import { messageOf, Refusal } from './errors.ts';
import { NDJSON } from './feedback.ts';
import { metricsText } from './metrics.ts';
import { JSON_LENGTH_HEADER } from './protocol.ts';
import type { Routes } from './routes.ts';
import type { ServeLimits } from './serve.ts';
import type { Shadow } from './shadow.ts';
import type { Store } from './store.ts';
import { verdict } from './verdict.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Bodies that are being read or answered; more than this is refused before it is read. */
const BODIES_LIMIT_BYTES = 64 * 1024 * 1024;
const CHECK_SLOW_CLIENTS_MS = 500;
const READ_OFF_MS = 5_000;
const BROKEN_REQUESTS: Record<string, [status: string, text: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too long'],
};
const RETRY_AFTER_SECONDS = '1';

export interface ServerInput {
  routes: Routes;
  store: Store;
  shadow: Shadow;
  limits: ServeLimits;
  token: string | undefined;
}

export function createServer({ routes, store, shadow, limits, token }: ServerInput): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // what comes in on an open connection is still answered
    requestTimeout: limits.readTimeoutMs,
    http: { headersTimeout: limits.readTimeoutMs, connectionsCheckingInterval: CHECK_SLOW_CLIENTS_MS },
    clientErrorHandler: answerBrokenRequest,
  });
  parseBodies(app);
  app.addHook('onRequest', (request) => refuseLargeBody(request));
  limitBodies(app);
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
  verdict(app, routes);
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
  app.addContentTypeParser(NDJSON, (_request, lines, done) => done(null, lines));
}

/** Memory is bounded whatever clients send: a body without a length counts as the largest one. */
function limitBodies(app: FastifyInstance): void {
  let taken = 0;
  app.addHook('onRequest', async (request, reply) => {
    const { headers } = request;
    if (headers['content-type'] === NDJSON) return;
    const isChunked = headers['transfer-encoding'] !== undefined;
    const bytes = isChunked ? BODY_LIMIT_BYTES : Number(headers['content-length'] ?? 0);
    if (taken + bytes > BODIES_LIMIT_BYTES) throw new Refusal(429, `${taken} bytes are in flight; try again shortly`);
    taken += bytes;
    reply.raw.once('close', () => {
      taken -= bytes;
    });
  });
}

/** What never became a request: HTTP that is none, headers that are too long, or a client that is too slow. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, text] = BROKEN_REQUESTS[error.code ?? ''] ?? [
    '400 Bad Request',
    `the request is not HTTP: ${error.message}`,
  ];
  const body = JSON.stringify({ error: text });
  const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}

/** Reads the body off before it answers: a client that is cut off while it writes sees no answer but a reset. */
async function refuseLargeBody({ headers, raw }: FastifyRequest): Promise<void> {
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes <= BODY_LIMIT_BYTES || headers['content-type'] === NDJSON) return;
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

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';
import { takeFeedback } from './feedback.ts';
import { BINARY_EXTENSION, inferResponse, JSON_LENGTH_HEADER, modelMetadata, readInferRequest } from './protocol.ts';
import type { Route } from './route.ts';
import type { Routes } from './routes.ts';
import { refuseBusy, type ServeLimits, serve } from './serve.ts';
import type { Shadow } from './shadow.ts';
import type { Store } from './store.ts';

export interface DataPlane {
  routes: Routes;
  store: Store;
  shadow: Shadow;
  limits: ServeLimits;
  /** Throws where a token is needed and missing. */
  authorize: (request: FastifyRequest) => void;
}

type ModelRequest = FastifyRequest<{ Params: { model: string; version?: string } }>;

/** What clients call: the Open Inference Protocol v2, and the true labels that they learn later. */
export function dataPlane(app: FastifyInstance, { routes, store, shadow, limits, authorize }: DataPlane): void {
  app.get('/v2', () => ({ name: 'stepdown-gateway', version: '2', extensions: [BINARY_EXTENSION] }));
  app.get('/v2/health/live', () => ({ live: true }));
  app.get('/v2/health/ready', (_request, reply) => {
    const ready = routes.all().every((route) => route.ready);
    return reply.code(ready ? 200 : 503).send({ ready, live: true });
  });
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(path, (request: ModelRequest) => {
      const route = routeOf(routes, request);
      return modelMetadata(request.params.model, [route.versionOf('twin')], signatureOf(route));
    });
    app.get(`${path}/ready`, (request: ModelRequest, reply) => {
      const { ready } = routeOf(routes, request);
      return reply.code(ready ? 200 : 503).send({ name: request.params.model, ready });
    });
    // Before the body is read, so that what cannot be answered costs no memory.
    const onRequest = async (request: FastifyRequest) => refuseBusy(routeOf(routes, request as ModelRequest), limits);
    app.post(`${path}/infer`, { onRequest }, async (request: ModelRequest, reply) => {
      const route = routeOf(routes, request);
      const infer = readInferRequest(request.body, headerOf(request, JSON_LENGTH_HEADER), signatureOf(route));
      const pinned = request.params.version !== undefined;
      const unit = headerOf(request, route.state.config.unitHeader.toLowerCase());
      const { headers, body } = inferResponse(await serve(route, infer, { unit, pinned }, limits, shadow));
      return reply.headers(headers).send(body);
    });
  }
  app.post('/v2/feedback', (request) => {
    authorize(request);
    return takeFeedback(request.body, routes, store);
  });
}

/** Only the twin can be asked for by its version: a client pinned to the candidate would outlive a rollback. */
function routeOf(routes: Routes, { params: { model, version } }: ModelRequest): Route {
  const route = routes.get(model);
  const twin = route.versionOf('twin');
  if (version === undefined || version === twin) return route;
  throw new Refusal(404, `model '${model}' has no version '${version}' to ask for; it has ${twin}`);
}

function signatureOf(route: Route) {
  const { host } = route.arms.twin;
  if (!host) throw new Refusal(503, `model '${route.state.config.model}' is being loaded`);
  return host;
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

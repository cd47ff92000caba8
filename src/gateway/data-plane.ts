import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';
import { takeFeedback } from './feedback.ts';
import { inferResponse, modelMetadata, readInferRequest } from './protocol.ts';
import type { Route } from './route.ts';
import type { Routes } from './routes.ts';
import { type ServeLimits, serve } from './serve.ts';
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

type ModelRequest = FastifyRequest<{ Params: { model: string } }>;

/** What clients call: the Open Inference Protocol v2, and the true labels that they learn later. */
export function dataPlane(app: FastifyInstance, { routes, store, shadow, limits, authorize }: DataPlane): void {
  app.get('/v2', () => ({ name: 'stepdown-gateway', version: '2', extensions: [] }));
  app.get('/v2/health/live', () => ({ live: true }));
  app.get('/v2/health/ready', (_request, reply) => {
    const ready = routes.all().every((route) => route.ready);
    return reply.code(ready ? 200 : 503).send({ ready, live: true });
  });
  app.get('/v2/models/:model', (request: ModelRequest) => {
    const { model } = request.params;
    return modelMetadata(model, signatureOf(routes.get(model)));
  });
  app.get('/v2/models/:model/ready', (request: ModelRequest, reply) => {
    const { model } = request.params;
    const { ready } = routes.get(model);
    return reply.code(ready ? 200 : 503).send({ name: model, ready });
  });
  app.post('/v2/models/:model/infer', async (request: ModelRequest) => {
    const route = routes.get(request.params.model);
    const infer = readInferRequest(request.body, signatureOf(route));
    return inferResponse(await serve(route, infer, unitOf(request, route), limits, shadow));
  });
  app.post('/v2/feedback', (request) => {
    authorize(request);
    return takeFeedback(request.body, routes, store);
  });
}

function signatureOf(route: Route) {
  const { host } = route.arms.twin;
  if (!host) throw new Refusal(503, `model '${route.state.config.model}' is being loaded`);
  return host;
}

function unitOf(request: FastifyRequest, { state }: Route): string | undefined {
  const value = request.headers[state.config.unitHeader.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}

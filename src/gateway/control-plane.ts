import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readRouteConfig, readTripOrder, readWeightChange } from './route-config.ts';
import type { Routes } from './routes.ts';

export interface ControlPlane {
  routes: Routes;
  authorize: (request: FastifyRequest) => void;
}

type ModelRequest = FastifyRequest<{ Params: { model: string } }>;

const PATH = '/control/models/:model';

/** What the rollout calls. Every answer is what the router uses from then on, read back from it. */
export function controlPlane(app: FastifyInstance, { routes, authorize }: ControlPlane): void {
  app.addHook('onRequest', async (request) => {
    const { url = request.url } = request.routeOptions; // of the route: what was sent has other spellings
    if (url.startsWith('/control')) authorize(request);
  });
  app.get('/control/models', () => routes.all().map((route) => route.status));
  app.get(PATH, (request: ModelRequest) => routes.get(request.params.model).status);
  app.put(PATH, async (request: ModelRequest) => {
    const config = readRouteConfig(request.params.model, request.body);
    const route = await routes.put(config);
    await route.settle();
    return route.status;
  });
  app.put(`${PATH}/weight`, async (request: ModelRequest) => {
    const route = routes.get(request.params.model);
    const { weight, stage, sample } = readWeightChange(request.body);
    route.setWeight(weight, stage, sample);
    await route.settle();
    return route.status;
  });
  app.post(`${PATH}/trip`, async (request: ModelRequest) => {
    const route = routes.get(request.params.model);
    const { reason, by } = readTripOrder(request.body);
    route.tripBy(reason, by);
    await route.settle().catch(() => {}); // tried on; the status tells
    return route.status;
  });
  app.delete(PATH, async (request: ModelRequest) => {
    await routes.delete(request.params.model);
    return { deleted: request.params.model };
  });
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RolloutAction } from '../domain/traffic.ts';
import { Refusal } from './errors.ts';
import type { Routes } from './routes.ts';

type VerdictRequest = FastifyRequest<{ Querystring: { model?: string } }>;

/** What Flagger's webhooks ask; it takes 2xx for yes. */
const QUESTIONS: Record<string, RolloutAction> = {
  'confirm-traffic-increase': 'promote',
  'confirm-promotion': 'promote',
  rollback: 'rollback',
};

/** For other routers that ask whether to go on; Argo's web metric reads `$.action`, see docs/routers.md. */
export function verdict(app: FastifyInstance, routes: Routes): void {
  app.get('/verdict', (request: VerdictRequest) => verdictOf(routes, request.query.model));
  for (const [question, yes] of Object.entries(QUESTIONS))
    app.post(`/verdict/${question}`, (request: VerdictRequest, reply) => {
      const answer = verdictOf(routes, request.query.model);
      return reply.code(answer.action === yes ? 200 : 409).send(answer);
    });
}

/** Neither `promote` nor `rollback` means hold. */
function verdictOf(routes: Routes, model: string | undefined) {
  const all = routes.all();
  if (model === undefined && all.length !== 1)
    throw new Refusal(400, `name the model: /verdict?model=...; ${all.length} are served here`);
  const { judgement, trip, weight, labelCoverage } = (model === undefined ? all[0]! : routes.get(model)).status;
  const { action } = judgement;
  return { promote: action === 'promote', rollback: action === 'rollback', weight, trip, labelCoverage, ...judgement };
}

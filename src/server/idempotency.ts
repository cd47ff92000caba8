import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256 } from '../storage/artifacts.ts';
import type { Access } from './access.ts';
import { Problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    idempotencyKey?: string;
  }
}

/** A repeated request with the same Idempotency-Key gets the first one's answer and does nothing again. */
export function repeatable(app: FastifyInstance, access: Access): void {
  app.decorateRequest('idempotencyKey');
  app.addHook('preHandler', async (request, reply) => {
    const given = request.headers['idempotency-key'];
    if (!request.routeOptions.config.repeatable || typeof given !== 'string') return;
    const key = sha256(canonicalJson([request.person.email, given]));
    const known = access.begin(key, digestOf(request));
    if (known === 'other request') throw new Problem(422, 'this Idempotency-Key belongs to another request');
    if (known === 'under way') throw new Problem(409, 'the first request with this Idempotency-Key is under way');
    if (known === 'new') request.idempotencyKey = key;
    else
      return reply.code(known.status).header('idempotency-replayed', 'true').type('application/json').send(known.body);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.idempotencyKey) access.finish(request.idempotencyKey, reply.statusCode, String(payload));
    return payload;
  });
}

const digestOf = ({ method, url, body }: FastifyRequest): string => sha256(canonicalJson([method, url, body ?? null]));

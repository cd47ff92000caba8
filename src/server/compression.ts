import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The quickest: what is sent changes from second to second. */
export const GZIP_LEVEL = 1;
const WORTH_BYTES = 2_048;

export const takesGzip = ({ headers }: FastifyRequest): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));

/** Packs long JSON; files of the dashboard come packed. */
export function compressed(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < WORTH_BYTES || !takesGzip(request)) return payload;
    if (!/json/.test(String(reply.getHeader('content-type')))) return payload;
    reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding').removeHeader('content-length');
    return promisify(gzip)(payload, { level: GZIP_LEVEL });
  });
}

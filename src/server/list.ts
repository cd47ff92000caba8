import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LivePortfolio } from './portfolio.ts';

/** A list of the portfolio; a reader who has it as it stands is told so, without it. */
export async function sendList(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  portfolio: LivePortfolio,
  list: () => string
): Promise<FastifyReply> {
  await portfolio.fresh();
  const etag = `"${portfolio.tag}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (headers['if-none-match']?.includes(etag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(list());
}

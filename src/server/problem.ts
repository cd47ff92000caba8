import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CommandError, EXIT, NotAvailable, NotFound } from '../cli/errors.ts';

/** A refusal with its HTTP status, a sentence for people and the next step (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly more: Record<string, unknown>;

  constructor(status: number, detail: string, more: Record<string, unknown> = {}) {
    super(detail);
    this.status = status;
    this.more = more;
  }
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Refused',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not usable',
  429: 'Too many requests',
  501: 'Not possible here',
  503: 'Not available',
};

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, detail, more } = described(error);
  if (status === 500) console.error(error);
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      title: TITLES[status] ?? 'Fault',
      status,
      detail,
      instance: pathOf(request),
      ...more,
    });
}

export const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0]!;

export function described(error: unknown): { status: number; detail: string; more: Record<string, unknown> } {
  if (error instanceof Problem) return { status: error.status, detail: error.message, more: error.more };
  if (error instanceof CommandError) return ofCommand(error);
  const { statusCode, message, validation } = error as FastifyError;
  if (validation) {
    const problems = validation.map(({ instancePath, message }) => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.') || '(the request)',
      message: message ?? 'is not usable',
    }));
    return { status: 422, detail: 'the request has mistakes; nothing was done', more: { problems } };
  }
  if (statusCode && statusCode < 500) return { status: statusCode, detail: message, more: {} };
  return { status: 500, detail: 'something went wrong here; the server’s log has more', more: {} };
}

function ofCommand(error: CommandError): { status: number; detail: string; more: Record<string, unknown> } {
  const { exitCode, message, next, details } = error;
  const more = { next, ...(typeof details === 'object' ? details : {}) };
  if (error instanceof NotFound) return { status: 404, detail: message, more };
  if (error instanceof NotAvailable) return { status: 503, detail: message, more };
  const status = { [EXIT.refused]: 409, [EXIT.usage]: 422, [EXIT.nothingListening]: 503 }[exitCode] ?? 500;
  return { status, detail: message, more };
}

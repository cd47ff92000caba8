import { setTimeout as sleep } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { Journal } from '../../storage/journal.ts';
import { GZIP_LEVEL, takesGzip } from '../compression.ts';
import { type Desk, named } from '../desk.ts';
import { described } from '../problem.ts';
import { viewOf } from '../view.ts';

const LOOK_MS = 500;
const BEAT_MS = 15_000; // proxies close what is silent for longer

/** Live events. An engagement's are its journal entries, numbered, so that a reader goes on after the last one it had. */
export function eventRoutes({ app, client, config, portfolio }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const reads = { needs: 'read' } as const;
  typed.get(
    '/api/engagements/:name/events',
    { config: reads, schema: { summary: 'Journal entries as they are written (server-sent events)', params: named } },
    async (request, reply) => {
      const journal = new Journal(config.folders.journals, request.params.name);
      let last = Number(request.headers['last-event-id'] ?? 0) || 0;
      await stream(request, reply, async () => {
        const fresh = (await journal.entries()).filter(({ sequence }) => sequence > last);
        last = fresh.at(-1)?.sequence ?? last;
        return fresh.map((entry) => `id: ${entry.sequence}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`);
      });
    }
  );
  typed.get(
    '/api/events',
    {
      config: reads,
      schema: { summary: 'The portfolio, then what changes in it; resumed by Last-Event-ID (server-sent events)' },
    },
    async (request, reply) => {
      let tag = request.headers['last-event-id']?.toString();
      const look = async () => {
        await portfolio.recent();
        const news = portfolio.since(tag);
        if (!news) return [];
        ({ tag } = portfolio);
        return [`id: ${tag}\nevent: ${news.kind}\ndata: ${news.json}\n\n`];
      };
      await stream(request, reply, look, () => portfolio.changed());
    }
  );
  typed.get(
    '/api/engagements/:name/live',
    {
      config: reads,
      schema: { summary: 'Figures and present state, each whole when it changes (server-sent events)', params: named },
    },
    async (request, reply) => {
      const { name } = request.params;
      const changed = changesOf();
      await stream(request, reply, async () => changed({ ...(await viewOf(client, config, name)) }));
    }
  );
}

/** Events for what is not as it was at the last look. */
function changesOf(): (parts: Record<string, unknown>) => string[] {
  const last: Record<string, string> = {};
  return (parts) =>
    Object.entries(parts).flatMap(([name, part]) => {
      const text = JSON.stringify(part);
      if (text === last[name]) return [];
      last[name] = text;
      return [`event: ${name}\ndata: ${text}\n\n`];
    });
}

const UNAVAILABLE = 'event: unavailable';
const AVAILABLE = 'event: available\ndata: {}\n\n';

const unavailable = (error: unknown): string => {
  const { status, detail } = described(error);
  return `${UNAVAILABLE}\ndata: ${JSON.stringify({ status, detail })}\n\n`;
};

/** Looks until the reader has gone; a look that fails is told and tried again, and so is the first that succeeds. */
async function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  look: () => Promise<string[]>,
  pause: (gone: AbortSignal) => Promise<unknown> = (signal) => sleep(LOOK_MS, undefined, { signal })
): Promise<void> {
  reply.hijack();
  const write = writerTo(request, reply);
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  reply.raw.once('close', () => gone.abort());
  write('retry: 1000\n\n');
  let isTroubled = false;
  for (let saidAt = Date.now(); !gone.signal.aborted; ) {
    const events = await look().then(
      (found) => (isTroubled ? [AVAILABLE, ...found] : found),
      (error: unknown) => [unavailable(error)]
    );
    isTroubled = events[0]?.startsWith(UNAVAILABLE) ?? false;
    if (events.length > 0 || Date.now() - saidAt >= BEAT_MS) {
      write(events.join('') || ': still here\n\n');
      saidAt = Date.now();
    }
    await pause(gone.signal).catch(() => {});
  }
}

/** Packed for those who take it: the portfolio is ten times smaller then. */
function writerTo(request: FastifyRequest, reply: FastifyReply): (text: string) => void {
  const { raw } = reply;
  const isPacked = takesGzip(request);
  raw.writeHead(200, {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    ...(isPacked && { 'content-encoding': 'gzip' }),
  } as never);
  if (!isPacked) return (text) => void raw.write(text);
  const gzip = createGzip({ level: GZIP_LEVEL, flush: constants.Z_SYNC_FLUSH });
  gzip.pipe(raw);
  raw.once('close', () => gzip.close());
  return (text) => void gzip.write(text);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { listEngagements, openGates } from '../../cli/engagements.ts';
import { Journal } from '../../storage/journal.ts';
import { type Desk, named } from '../desk.ts';

const LOOK_MS = 500;
const BEAT_MS = 15_000; // proxies close what is silent for longer

/** Live events. An engagement's are its journal entries, numbered, so that a reader goes on after the last one it had. */
export function eventRoutes({ app, client, config }: Desk): void {
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
    { config: reads, schema: { summary: 'The portfolio, whole, whenever it changes (server-sent events)' } },
    async (request, reply) => {
      let last = '';
      await stream(request, reply, async () => {
        const [engagements, gates] = await Promise.all([listEngagements(client), openGates(client)]);
        const now = JSON.stringify({ engagements, gates });
        if (now === last) return [];
        last = now;
        return [`event: portfolio\ndata: ${now}\n\n`];
      });
    }
  );
}

/** Looks until the reader has gone; a look that fails is told and tried again. */
async function stream(request: FastifyRequest, reply: FastifyReply, look: () => Promise<string[]>): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  } as never);
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  raw.once('close', () => gone.abort());
  raw.write('retry: 1000\n\n');
  for (let silentMs = 0; !gone.signal.aborted; silentMs += LOOK_MS) {
    const events = await look().catch(() => ['event: unavailable\ndata: {}\n\n']);
    for (const event of events) raw.write(event);
    if (events.length > 0) silentMs = 0;
    else if (silentMs >= BEAT_MS) {
      raw.write(': still here\n\n');
      silentMs = 0;
    }
    await sleep(LOOK_MS, undefined, { signal: gone.signal }).catch(() => {});
  }
}

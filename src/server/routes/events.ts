import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { type EngagementLine, listEngagements } from '../../cli/engagements.ts';
import type { GateStatus } from '../../domain/decision.ts';
import { Journal } from '../../storage/journal.ts';
import { type Desk, named } from '../desk.ts';
import { KnownGates, type Missing } from '../known-gates.ts';
import { described } from '../problem.ts';
import { viewOf } from '../view.ts';

/** What waits where; the evidence of a gate is on its own page. */
export interface Portfolio {
  engagements: EngagementLine[];
  gates: GateLine[];
  /** While no worker answers: what is listed by name only. */
  missing: Missing | null;
}

export type GateLine = Omit<GateStatus, 'summary'>;

const LOOK_MS = 500;
const BEAT_MS = 15_000; // proxies close what is silent for longer

/** Live events. An engagement's are its journal entries, numbered, so that a reader goes on after the last one it had. */
export function eventRoutes({ app, client, config }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const reads = { needs: 'read' } as const;
  const known = new KnownGates(client);
  const portfolio = shared(async (): Promise<Portfolio> => {
    const [engagements, { gates, missing }] = await Promise.all([listEngagements(client), known.look()]);
    return { engagements, gates: gates.map(({ summary: _, ...line }) => line), missing };
  });
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
      const changed = changesOf();
      await stream(request, reply, async () => changed({ portfolio: await portfolio() }));
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

/** One look for however many readers; its answer is good until the next is due. */
function shared<T>(look: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  return () => {
    last ??= look().finally(() => setTimeout(() => (last = undefined), LOOK_MS).unref());
    return last;
  };
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

const unavailable = (error: unknown): string[] => {
  const { status, detail } = described(error);
  return [`event: unavailable\ndata: ${JSON.stringify({ status, detail })}\n\n`];
};

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
    const events = await look().catch(unavailable);
    for (const event of events) raw.write(event);
    if (events.length > 0) silentMs = 0;
    else if (silentMs >= BEAT_MS) {
      raw.write(': still here\n\n');
      silentMs = 0;
    }
    await sleep(LOOK_MS, undefined, { signal: gone.signal }).catch(() => {});
  }
}

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Desk, named } from '../desk.ts';
import { Problem } from '../problem.ts';

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
  '.arrow': 'application/vnd.apache.arrow.file',
  '.log': 'text/plain; charset=utf-8',
};
/** What a stored page may do in a browser: show itself. */
const SHOW_ONLY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** Artifacts by content, reports, and mail that had nowhere to go. */
export function fileRoutes({ app, config: { folders } }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const reads = { needs: 'read' } as const;
  typed.get(
    '/api/artifacts/:sha256',
    {
      config: reads,
      schema: {
        summary: 'A file by the SHA-256 of its content',
        params: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      },
    },
    async ({ params: { sha256 } }, reply) => {
      const folder = join(folders.artifacts, sha256.slice(0, 2));
      const names = await readdir(folder).catch(() => []);
      const name = names.find((each) => !each.endsWith('.partial') && each.split('.')[0] === sha256.slice(2));
      if (!name) throw new Problem(404, `there is no artifact ${sha256}`);
      reply.header('etag', `"${sha256}"`).header('cache-control', 'private, immutable, max-age=31536000');
      return sendFile(reply, join(folder, name));
    }
  );
  typed.get(
    '/api/engagements/:name/report',
    { config: reads, schema: { summary: 'The closing report', params: named } },
    async ({ params: { name } }, reply) => {
      const path = join(folders.reports, `${name}.html`);
      if (!(await stat(path).catch(() => undefined)))
        throw new Problem(404, `${name} has no report yet; it is written when the engagement closes`);
      return sendFile(reply, path);
    }
  );
  typed.get(
    '/api/outbox',
    { config: reads, schema: { summary: 'Mails that were kept here, newest first' } },
    async () => {
      const names = await readdir(folders.outbox).catch(() => []);
      return {
        mails: names
          .filter((name) => name.endsWith('.eml'))
          .sort()
          .reverse(),
      };
    }
  );
}

async function sendFile(reply: FastifyReply, path: string): Promise<FastifyReply> {
  const type = TYPES[extname(path)];
  const { size } = await stat(path);
  reply.header('content-security-policy', SHOW_ONLY).header('content-length', size);
  if (!type) reply.header('content-disposition', 'attachment');
  return reply.type(type ?? 'application/octet-stream').send(createReadStream(path));
}

import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Config } from '../../config.ts';
import { PHASES } from '../../domain/engagement.ts';
import { readGuide } from '../../evidence/guide.ts';
import { renderGuide } from '../../report/deployment.ts';
import { linkArtifacts } from '../../report/evidence.ts';
import { NoBrowser } from '../../report/no-browser.ts';
import { printPdf } from '../../report/pdf.ts';
import { renderPhase } from '../../report/phase.ts';
import { renderServiceLevel, whyNoServiceLevel } from '../../report/service-level-report.ts';
import { ArtifactStore } from '../../storage/artifacts.ts';
import { type Desk, named } from '../desk.ts';
import { Problem } from '../problem.ts';
import { viewOf } from '../view.ts';

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
  '.arrow': 'application/vnd.apache.arrow.file',
  '.log': 'text/plain; charset=utf-8',
};
/** What a stored page may do in a browser: show itself. */
const SHOW_ONLY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const format = z.object({ format: z.enum(['html', 'pdf']).default('html') });

/** Artifacts by content, reports, and messages that had nowhere to go. */
export function fileRoutes({ app, client, config }: Desk): void {
  const { folders } = config;
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
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile()); // a link could lead anywhere
      const found = files.find(({ name }) => !name.endsWith('.partial') && name.split('.')[0] === sha256.slice(2));
      if (!found) throw new Problem(404, `there is no artifact ${sha256}`);
      reply.header('etag', `"${sha256}"`).header('cache-control', 'private, immutable, max-age=31536000');
      return sendFile(reply, join(folder, found.name));
    }
  );
  typed.get(
    '/api/engagements/:name/report',
    { config: reads, schema: { summary: 'The closing report', params: named, querystring: format } },
    async ({ params: { name }, query }, reply) => {
      const page = await readFile(join(folders.reports, `${name}.html`), 'utf8').catch(() => undefined);
      if (!page) throw new Problem(404, `${name} has no report yet; it is written when the engagement closes`);
      return sendPage(reply, page, query.format, config);
    }
  );
  typed.get(
    '/api/engagements/:name/phases/:phase/report',
    {
      config: reads,
      schema: {
        summary: 'The report of one phase, also while the engagement runs',
        params: named.extend({ phase: z.enum(PHASES) }),
        querystring: format,
      },
    },
    async ({ params: { name, phase }, query }, reply) => {
      const { document } = await viewOf(client, config, name);
      return sendPage(reply, renderPhase(document, phase), query.format, config);
    }
  );
  typed.get(
    '/api/engagements/:name/deployment',
    {
      config: reads,
      schema: {
        summary: 'How to serve what the optimization gate released',
        params: named,
        querystring: z.object({ format: z.enum(['html', 'pdf', 'json']).default('html') }),
      },
    },
    async ({ params: { name }, query }, reply) => {
      const { document } = await viewOf(client, config, name);
      const guide = await readGuide(document, new ArtifactStore(folders.artifacts));
      if (!guide) throw new Problem(404, `${name} has no deployment guide: the optimization gate writes it`);
      return query.format === 'json' ? guide : sendPage(reply, renderGuide(guide, document), query.format, config);
    }
  );
  typed.get(
    '/api/engagements/:name/service-level',
    {
      config: reads,
      schema: { summary: 'The support window against its targets', params: named, querystring: format },
    },
    async ({ params: { name }, query }, reply) => {
      const { document } = await viewOf(client, config, name);
      const why = whyNoServiceLevel(document);
      if (why) throw new Problem(404, `${name} has no service level report: ${why}`);
      return sendPage(reply, renderServiceLevel(document), query.format, config);
    }
  );
  typed.get(
    '/api/outbox',
    { config: reads, schema: { summary: 'Messages that were kept here, newest first' } },
    async () => {
      const names = await readdir(folders.outbox).catch(() => []);
      return {
        mails: names
          .filter((name) => /\.(eml|json)$/.test(name))
          .sort()
          .reverse(),
      };
    }
  );
}

/** A report with its links into the API; PDF where this machine has a Chromium. */
async function sendPage(
  reply: FastifyReply,
  page: string,
  form: z.output<typeof format>['format'],
  { chromium, publicUrl }: Config
): Promise<FastifyReply> {
  reply.header('content-security-policy', SHOW_ONLY);
  if (form === 'html') return reply.type(TYPES['.html']!).send(linkArtifacts(page, ''));
  const pdf = await printPdf(linkArtifacts(page, publicUrl), chromium).catch((error: unknown) => {
    throw error instanceof NoBrowser ? new Problem(501, error.message) : error;
  });
  return reply.type('application/pdf').send(pdf);
}

async function sendFile(reply: FastifyReply, path: string): Promise<FastifyReply> {
  const type = TYPES[extname(path)];
  const { size } = await stat(path);
  reply.header('content-security-policy', SHOW_ONLY).header('content-length', size);
  if (!type) reply.header('content-disposition', 'attachment');
  return reply.type(type ?? 'application/octet-stream').send(createReadStream(path));
}

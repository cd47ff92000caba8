import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { html } from '../../report/html.ts';
import { page } from '../../report/page.ts';
import { takesGzip } from '../compression.ts';
import type { Desk } from '../desk.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const FOREVER = 'public, max-age=31536000, immutable'; // the names of assets have their hash
const PAGES = ['/', '/inbox', '/new', '/engagements/*', '/portfolios', '/portfolios/*'];

/** The dashboard: the built files and nothing else, read once. */
export function pageRoutes({ app, config }: Desk): void {
  const folder = join(config.root, 'web/dist');
  const assets = join(folder, 'assets');
  const index = read(join(folder, 'index.html'));
  const answering = (name: string, content: Buffer, cache: string) => {
    const packed = gzipSync(content);
    const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
    return (request: FastifyRequest, reply: FastifyReply) => {
      const headers = { 'cache-control': cache, etag, vary: 'accept-encoding' };
      reply.type(TYPES[extname(name)] ?? 'application/octet-stream').headers(headers);
      return takesGzip(request) ? reply.header('content-encoding', 'gzip').send(packed) : reply.send(content);
    };
  };
  const hidden = { config: { rateLimit: false }, schema: { hide: true } } as const;
  const home = index && answering('index.html', index, 'no-cache');
  for (const path of PAGES)
    app.get(path, hidden, home ?? ((_request, reply) => reply.code(503).type('text/html').send(NOT_BUILT)));
  for (const name of index ? readdirSync(assets) : [])
    app.get(`/assets/${name}`, hidden, answering(name, readFileSync(join(assets, name)), FOREVER));
}

const NOT_BUILT = page({
  title: 'Stepdown',
  body: html`<main><h1>The dashboard is not built</h1><p>Run <code>npm run setup</code>, then start the server again. The API works without it.</p></main>`,
});

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { authenticate } from './authenticate.ts';
import { compressed } from './compression.ts';
import type { Desk } from './desk.ts';
import { repeatable } from './idempotency.ts';
import { IdentityProvider } from './identity-provider.ts';
import { LivePortfolio } from './portfolio.ts';
import { Problem, pathOf, sendProblem } from './problem.ts';
import { decisionLinkRoutes } from './routes/decision-link.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { engagementRoutes } from './routes/engagements.ts';
import { eventRoutes } from './routes/events.ts';
import { fileRoutes } from './routes/files.ts';
import { pageRoutes } from './routes/pages.ts';
import { portfolioRoutes } from './routes/portfolios.ts';
import { providerRoutes } from './routes/provider.ts';
import { sessionRoutes } from './routes/session.ts';
import { specificationRoutes } from './routes/specifications.ts';

const BODY_LIMIT_BYTES = 1 << 20;
const REQUESTS_A_MINUTE = 600;

/** The HTTP API. Requests are not logged: their addresses and headers hold secrets. */
export async function createServer(parts: Omit<Desk, 'app' | 'provider' | 'portfolio'>): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request) => {
    throw new Problem(404, `nothing is at ${request.method} ${pathOf(request)}`);
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string)))
  );
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(rateLimit, { max: REQUESTS_A_MINUTE, timeWindow: '1 minute' });
  await app.register(cookie);
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Stepdown', version: '1' } },
    transform: jsonSchemaTransform,
  });
  const { access, config, client } = parts;
  const provider = config.oidc && new IdentityProvider(config.oidc);
  authenticate(app, access, provider);
  repeatable(app, access);
  compressed(app); // after what keeps answers to repeat them
  const desk: Desk = { ...parts, app, provider, portfolio: new LivePortfolio(client) };
  if (provider && config.oidc?.signIn) providerRoutes(desk, provider);
  for (const add of [
    sessionRoutes,
    engagementRoutes,
    specificationRoutes,
    portfolioRoutes,
    decisionRoutes,
    decisionLinkRoutes,
    fileRoutes,
    eventRoutes,
    pageRoutes,
  ])
    add(desk);
  app.get('/api/openapi.json', { config: { needs: 'read' }, schema: { hide: true } }, () => app.swagger());
  app.addHook('onListen', async () => {
    desk.portfolio.fresh().catch(() => {}); // whoever comes first is told
  });
  app.get('/health', { config: { rateLimit: false }, schema: { hide: true } }, () => ({ live: true }));
  return app;
}

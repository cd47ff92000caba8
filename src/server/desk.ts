import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Access } from './access.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { LivePortfolio } from './portfolio.ts';

/** What every group of routes works with. */
export interface Desk {
  app: FastifyInstance;
  client: Client;
  config: Config;
  access: Access;
  provider: IdentityProvider | undefined;
  publicUrl: () => string;
  portfolio: LivePortfolio;
}

export const named = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name of an engagement'),
});

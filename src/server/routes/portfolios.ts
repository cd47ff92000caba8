import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { portfolioUsage } from '../../cli/portfolio-file.ts';
import { commandPortfolio, listPortfolios, newMember, portfolioStatus, startPortfolio } from '../../cli/portfolios.ts';
import type { PortfolioCommand } from '../../domain/portfolio-state.ts';
import { duration } from '../../domain/spec-fields.ts';
import { type Desk, named } from '../desk.ts';
import { Problem } from '../problem.ts';
import { readPortfolioHere, readSpec } from '../specs-folder.ts';

const place = z.string().min(1).max(400);
const startBody = z.strictObject({
  portfolio: place.describe('path of a portfolio.yaml under the server’s folder of specifications'),
  check: z.boolean().default(false).describe('only check it, its specifications and their files'),
});
const commandBody = z.strictObject({
  comment: z.string().max(4_000).default('').describe('why; to close it is required'),
  concurrency: z.number().int().positive().optional().describe('for concurrency: places'),
  budget: z.string().max(40).optional().describe('for budget: all of it, such as 20 hours'),
  spec: place.optional().describe('for add: path of an engagement.yaml under the server’s folder of specifications'),
});
const COMMANDS = ['pause', 'resume', 'close', 'concurrency', 'budget', 'add'] as const;

/** Several models that share places and a search budget. */
export function portfolioRoutes({ app, client, config }: Desk): void {
  const { folders } = config;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const reads = { needs: 'read' } as const;
  const starts = { needs: 'start', repeatable: true } as const;

  typed.get('/api/portfolios', { config: reads, schema: { summary: 'All portfolios, newest first' } }, async () => ({
    portfolios: await listPortfolios(client),
  }));
  typed.post(
    '/api/portfolios',
    { config: starts, schema: { summary: 'Start a portfolio, or check it', body: startBody } },
    async ({ body, person }, reply) => {
      const file = readPortfolioHere(config, body.portfolio);
      const { name: portfolio } = file.portfolio;
      if (body.check) {
        if (file.problems.length > 0) throw portfolioUsage(file.problems);
        return { portfolio, valid: true };
      }
      await startPortfolio(client, file, { folders, startedBy: person.email });
      return reply.code(201).header('location', `/api/portfolios/${portfolio}`).send({ portfolio });
    }
  );
  typed.get(
    '/api/portfolios/:name',
    {
      config: reads,
      schema: { summary: 'Where each model stands, places, budget and the saving of all together', params: named },
    },
    async ({ params: { name } }) => portfolioStatus(client, folders, name)
  );
  typed.post(
    '/api/portfolios/:name/:command',
    {
      config: starts,
      schema: {
        summary: 'Pause, resume or close a portfolio, change its places or budget, add an engagement',
        params: named.extend({ command: z.enum(COMMANDS) }),
        body: commandBody,
      },
    },
    async ({ params: { name, command }, body, person }) => {
      const asked = await commandOf(command, body);
      return commandPortfolio(client, name, { ...asked, by: person.email, comment: body.comment });
    }
  );

  async function commandOf(
    command: (typeof COMMANDS)[number],
    { concurrency, budget, spec }: z.output<typeof commandBody>
  ): Promise<PortfolioCommand> {
    if (command === 'concurrency') return { command, concurrency: given({ concurrency }, 'a number of places') };
    if (command === 'budget') {
      const parsed = duration.safeParse(given({ budget }, "a duration such as '20 hours'"));
      if (!parsed.success) throw new Problem(422, `budget: ${parsed.error.issues[0]!.message}`);
      return { command, budgetMs: parsed.data };
    }
    if (command !== 'add') return { command };
    const file = readSpec(config, given({ spec }, 'the path of an engagement.yaml'));
    return { command, member: await newMember(client, file, { folders, at: 'spec' }) };
  }
}

function given<T>(field: Record<string, T | undefined>, wanted: string): T {
  const [[name, value]] = Object.entries(field) as [[string, T | undefined]];
  if (value === undefined) throw new Problem(422, `${name} is missing: give ${wanted}`);
  return value;
}

import { z } from 'zod';
import { MAXIMUM_CONCURRENCY } from './portfolio-members.ts';
import { jsonSchemaOf, type Schema } from './schema-keys.ts';
import { duration, name, path } from './spec-fields.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';

const MAXIMUM_MODELS = 100; // their specifications cross every continue-as-new together

/** Several models that share places and a budget, as the user writes it. */
const portfolioSchema = z.strictObject({
  name: name.meta({ description: 'of the portfolio', examples: ['acme-2026'] }),
  client: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'with it, every engagement must be of this client', examples: ['Acme'] }),
  concurrency: z
    .number()
    .int()
    .positive()
    .max(MAXIMUM_CONCURRENCY)
    .default(1)
    .describe('engagements that look for a candidate at the same time'),
  budget: duration.optional().meta({
    description: 'working time to look for candidates, as search.budget of a specification, for all together',
    examples: ['12 hours'],
  }),
  engagements: z
    .array(path)
    .min(1)
    .max(MAXIMUM_MODELS)
    .meta({
      description: 'specifications by their paths from this file, started in this order',
      examples: [['a.yaml']],
    }),
});

export type PortfolioSpec = z.output<typeof portfolioSchema>;

/** JSON Schema of the file for editors. */
export const portfolioJsonSchema = (): Schema => jsonSchemaOf(portfolioSchema);

/** Reads a parsed YAML document; every problem is reported at once, with its path and value. */
export function parsePortfolio(document: unknown): { portfolio: PortfolioSpec } | { problems: SpecProblem[] } {
  const read = readAs(portfolioSchema, document);
  return 'problems' in read ? read : { portfolio: read.data };
}

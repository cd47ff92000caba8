import { z } from 'zod';
import { MAXIMUM_CONCURRENCY } from './portfolio-members.ts';
import { duration, name, path } from './spec-fields.ts';
import { problemsOf, type SpecProblem } from './spec-problems.ts';

const MAXIMUM_MODELS = 100; // their specifications cross every continue-as-new together

/** Several models that share places and a budget, as the user writes it. */
const portfolioSchema = z.strictObject({
  name,
  /** With it, every engagement must be of this client. */
  client: z.string().min(1).optional(),
  /** Engagements that look for a candidate at the same time. */
  concurrency: z.number().int().positive().max(MAXIMUM_CONCURRENCY).default(1),
  /** Of search, as `search.budget` of a specification, for all together. */
  budget: duration.optional(),
  /** Specifications, by their paths from this file; started in this order. */
  engagements: z.array(path).min(1).max(MAXIMUM_MODELS),
});

export type PortfolioSpec = z.output<typeof portfolioSchema>;

/** JSON Schema of the file for editors. */
export function portfolioJsonSchema(): unknown {
  return z.toJSONSchema(portfolioSchema, { io: 'input' });
}

/** Reads a parsed YAML document; every problem is reported at once, with its path and value. */
export function parsePortfolio(document: unknown): { portfolio: PortfolioSpec } | { problems: SpecProblem[] } {
  const parsed = portfolioSchema.safeParse(document, { reportInput: true });
  if (parsed.success) return { portfolio: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, document)) };
}

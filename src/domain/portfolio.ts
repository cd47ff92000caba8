import { z } from 'zod';
import type { Quantiles } from './cost-comparison.ts';
import type { SourceFiles } from './engagement.ts';
import { PACKAGES } from './packages.ts';
import type { Spec } from './spec.ts';
import { duration, name, path } from './spec-fields.ts';
import { problemsOf, type SpecProblem } from './spec-problems.ts';

export const MAXIMUM_CONCURRENCY = 32;
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

/** An engagement that a portfolio will start. */
export interface PortfolioMember {
  spec: Spec;
  sources: SourceFiles;
  /** Dollars a month by published speed-ups; null where the specification has no bill. */
  projected: Quantiles | null;
}

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

/** Why engagements do not belong into this portfolio; `at` names each one's place in the file. */
export function misplaced(
  { client }: Pick<PortfolioSpec, 'client'>,
  members: { spec: Pick<Spec, 'engagement' | 'client' | 'package'>; at: string }[]
): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const seen = new Map<string, string>();
  const having = Object.entries(PACKAGES).flatMap(([name, { hasPortfolio }]) => (hasPortfolio ? [name] : []));
  for (const { spec, at } of members) {
    if (!PACKAGES[spec.package].hasPortfolio)
      problems.push({
        path: `${at}.package`,
        value: spec.package,
        message: `has no portfolio; write ${having.join(' or ')}, or start the engagement by itself`,
      });
    if (client !== undefined && spec.client.name !== client)
      problems.push({
        path: `${at}.client.name`,
        value: spec.client.name,
        message: `the portfolio is of ${client}; correct one of the two, or leave out the portfolio's client`,
      });
    const first = seen.get(spec.engagement);
    if (first !== undefined)
      problems.push({
        path: `${at}.engagement`,
        value: spec.engagement,
        message: `${first} has the same name; give each engagement its own`,
      });
    seen.set(spec.engagement, first ?? at);
  }
  return problems;
}

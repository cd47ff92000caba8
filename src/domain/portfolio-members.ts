import type { Quantiles } from './cost-comparison.ts';
import type { SourceFiles } from './engagement.ts';
import { PACKAGES } from './packages.ts';
import type { PortfolioSpec } from './portfolio.ts';
import type { Spec } from './spec.ts';
import type { SpecProblem } from './spec-problems.ts';

export const MAXIMUM_CONCURRENCY = 32;

/** An engagement that a portfolio will start. */
export interface PortfolioMember {
  spec: Spec;
  sources: SourceFiles;
  /** Dollars a month by published speed-ups; null where the specification has no bill. */
  projected: Quantiles | null;
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

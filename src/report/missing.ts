import { type ClosingDocument, PHASES, type Phase } from '../domain/engagement.ts';
import { PACKAGES, type Package } from '../domain/packages.ts';

/** Why a phase has no record, or undefined when it has one. */
export function whyNotReached(document: ClosingDocument, phase: Phase): string | undefined {
  if (document.phases.some((record) => record.name === phase)) return undefined;
  const bought: Package | undefined = PACKAGES[document.package as keyof typeof PACKAGES];
  if ((phase === 'rollout' || phase === 'support') && bought && !bought.rollsOut)
    return `not part of the ${document.package} package, which ends before the rollout`;
  if (phase === 'optimization' && bought && !bought.optimizes && document.phases.some(isAfterOptimization))
    return `not part of the ${document.package} package`;
  if (document.soFar) return 'no verdict so far';
  const last = document.phases.at(-1);
  if (!last) return `not reached: the engagement ended before its first phase did (${document.reason})`;
  const { decision } = last;
  if (decision?.outcome === 'rejected') return `not reached: the engagement was rejected at ${last.name}`;
  if (decision?.outcome === 'expired') return `not reached: nobody decided at ${last.name} in time`;
  if (last.verdict !== 'successful') return `not reached: ${last.name} ended with verdict ${last.verdict}`;
  return `not reached: the engagement ended after ${last.name} (${document.reason})`;
}

/** For a part that no phase names: the first phase without a record says why, else the engagement's own reason. */
export function whyMissing(document: ClosingDocument, phase: Phase): string {
  const why = whyNotReached(document, phase);
  if (why) return why;
  if (document.soFar) return 'not so far';
  return document.verdict === 'successful' ? 'not recorded' : document.reason;
}

function isAfterOptimization(record: { name: Phase }): boolean {
  return PHASES.indexOf(record.name) > PHASES.indexOf('optimization');
}

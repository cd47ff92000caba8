import { driftedAway, type Proposal } from '../domain/reoptimization.ts';
import type { Spec } from '../domain/spec.ts';
import type { Week } from '../domain/support.ts';
import { records } from './activities.ts';
import { tell } from './tell.ts';

/**
 * Held against every report of a support window: once production has drifted away from what the engagement was given,
 * the specification of another one is written and people are told. Nothing is started.
 */
export async function proposeReoptimization(spec: Spec, attempt: number, week: Week): Promise<Proposal | undefined> {
  const drift = driftedAway(week, spec);
  if (!drift) return undefined;
  const proposal = await records.writeProposal({ spec, attempt, day: week.days[1], drift, at: week.endedAt });
  const { engagement, model, gates } = spec;
  await tell(
    { kind: 'reoptimization-proposed', engagement, modelName: model.name, proposal, to: gates.approvers },
    proposal.engagement
  );
  return proposal;
}

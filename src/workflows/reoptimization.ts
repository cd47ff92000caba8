import { patched } from '@temporalio/workflow';
import { driftedAway, grownOld, mayPropose, type Occasion, type Proposal } from '../domain/reoptimization.ts';
import type { Spec } from '../domain/spec.ts';
import type { SupportState, Week } from '../domain/support.ts';
import { records } from './activities.ts';
import type { Outgoing } from './tell.ts';

interface Window {
  spec: Spec;
  attempt: number;
  /** Absent in windows that began before age was asked for: they count from their beginning. */
  measuredAt?: string | undefined;
}

/**
 * Held against every report of a support window: once production has drifted away from what the engagement was given,
 * or what was measured is older than the package allows, the specification of another one is written and people are
 * told. Nothing is started. Returns the proposal that is open then.
 */
export async function proposeReoptimization(
  { spec, attempt, measuredAt }: Window,
  { proposal: open, startedAt }: Pick<SupportState, 'proposal' | 'startedAt'>,
  week: Week,
  outgoing: Outgoing
): Promise<Proposal | undefined> {
  if (!mayPropose(open, spec, week)) return open;
  const occasion = occasionOf(week, spec, { measuredAt: measuredAt ?? startedAt, startedAt });
  if (!occasion) return open;
  // 2026-11-27: for windows in which drift alone proposed, once; to be removed once none of them is open
  if ((open || 'age' in occasion) && !patched('reoptimization-by-age')) return open;
  const { days, endedAt } = week;
  const proposal = await records.writeProposal({
    spec,
    attempt,
    day: days[1],
    at: endedAt,
    replaces: open,
    ...occasion,
  });
  if (!proposal) return open; // somebody has started it already
  const { engagement, model, gates } = spec;
  await outgoing.send(
    { kind: 'reoptimization-proposed', engagement, modelName: model.name, proposal, to: gates.approvers },
    proposal.engagement
  );
  return proposal;
}

function occasionOf(week: Week, spec: Spec, since: { measuredAt: string; startedAt: string }): Occasion | undefined {
  const drift = driftedAway(week, spec);
  if (drift) return { drift };
  const age = grownOld(week, spec, since);
  return age && { age };
}

import { patched } from '@temporalio/workflow';
import type { EngagementInput, EngagementState } from '../domain/engagement.ts';
import { PACKAGES } from '../domain/packages.ts';
import { measurement, records } from './activities.ts';

/** How to serve what the optimization gate released; what was waived on the way stands in it. */
export async function writeGuide({ sources, startedAt }: EngagementInput, state: EngagementState): Promise<void> {
  const { spec, baseline, preparation, holdout } = state;
  const trial = holdout?.candidate.trial;
  if (!trial || !patched('deployment-guide')) return;
  const selection = preparation!.data.selection!;
  const serving = await measurement.tryServing({ spec, baseline: baseline!, trial, selection });
  const { rollsOut } = PACKAGES[spec.package];
  const writtenAt = new Date().toISOString();
  state.guide = await records.writeGuide({ state, sources, serving, isRolledOut: rollsOut, startedAt, writtenAt });
}

import type { Spec } from '../domain/spec.ts';
import { records, traffic } from './activities.ts';
import { tell } from './tell.ts';

/**
 * Takes the candidate out of the traffic, confirms it by read-back, records it as `event` and tells people. `stage` is
 * the weight, in percent, that it was at. Returns the weight that was read back.
 */
export async function comeDown(
  { engagement, model, gates }: Spec,
  { stage, reason, event }: { stage: number; reason: string; event: string }
): Promise<number> {
  const { weight } = await traffic.returnToTwin({ model: model.name, reason });
  const tripped = { stage, reason, confirmedWeight: weight };
  await records.writeJournal({ engagement, event, kind: 'trip', body: tripped });
  await tell(
    { kind: 'rollout-tripped', engagement, modelName: model.name, ...tripped, to: gates.approvers },
    model.name
  );
  return weight;
}

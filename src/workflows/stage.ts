import { condition, continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { stageGate } from '../domain/ids.ts';
import type { WatchInput } from '../domain/stage-verdict.ts';
import type { StageResult } from '../domain/traffic.ts';
import { records, traffic, watch } from './activities.ts';
import type { RolloutInput, rollout } from './rollout.ts';
import type { RolloutControl } from './rollout-control.ts';

const SHORTEST_LOOK_MS = 250;

const stageName = (weight: number): string => (weight === 0 ? 'shadow' : `${weight}%`);

/** Holds one stage until it has a verdict; a pause keeps it, a promotion ends it. */
export async function holdStage(input: RolloutInput, control: RolloutControl, weight: number): Promise<StageResult> {
  const { spec, resume } = input;
  const { minimumHold, maximumHold, minimumPairs, lookEvery } = spec.rollout;
  const stage = stageName(weight);
  setCurrentDetails(`Rollout stage **${stage}** of ${spec.model.name}`);
  const isResumed = resume?.weight === weight && control.stages.length === resume.stages.length;
  const { startedAt } = isResumed ? resume : await beginStage(input, weight);
  control.held = weight;
  const watched: WatchInput = {
    model: spec.model.name,
    weight,
    stage,
    startedAt,
    minimumHoldMs: minimumHold,
    maximumHoldMs: maximumHold,
    minimumPairs,
  };
  // kicked off before stages were looked at from here: one activity watches as long as the stage lasts
  if (lookEvery === undefined) return watch.watchStage.executeWithOptions({ summary: stage }, [watched]);
  const interval = Math.min(lookEvery, Math.max(SHORTEST_LOOK_MS, minimumHold / 10));
  let pausedMs = isResumed ? resume.pausedMs : 0;
  try {
    for (;;) {
      control.look = await traffic.lookAtStage({ ...watched, maximumHoldMs: maximumHold + pausedMs });
      const { result } = control.look;
      if (result && (result.verdict === 'failed' || !control.paused)) return result;
      const promoted = await promote(input, control, watched);
      if (promoted) return promoted;
      await continueWhenLong(input, control, { weight, startedAt, pausedMs });
      const from = Date.now();
      const wasPaused = control.paused;
      await condition(() => control.promotion !== undefined || control.paused !== wasPaused, interval);
      if (wasPaused) pausedMs += Date.now() - from;
    }
  } finally {
    control.look = undefined;
  }
}

/** Ends only with a trip: the gateway goes on judging while people think, and they must hear of it. */
export const watchForTrip = ({ spec }: RolloutInput, { held }: RolloutControl): Promise<StageResult> =>
  watch.watchStage.executeWithOptions({ summary: 'until the gate is decided' }, [
    {
      model: spec.model.name,
      weight: held,
      stage: stageName(held),
      startedAt: new Date().toISOString(),
      minimumHoldMs: Number.MAX_SAFE_INTEGER,
      maximumHoldMs: Number.MAX_SAFE_INTEGER,
      minimumPairs: 0,
    },
  ]);

/** Some of the clients stay on FP32 at every stage, so that there is always somebody to compare with. */
function beginStage({ spec }: RolloutInput, weight: number): Promise<{ startedAt: string }> {
  return traffic.setTrafficWeight({
    engagement: spec.engagement,
    model: spec.model.name,
    weight: Math.min(weight, 100 - (spec.rollout.holdBackPercent ?? 0)),
    stage: stageName(weight),
  });
}

/** Ends the hold where an operator asked for it: on the evidence, or on an approver's word, which is recorded. */
async function promote(
  { spec, attempt }: RolloutInput,
  control: RolloutControl,
  watched: WatchInput
): Promise<StageResult | undefined> {
  const order = control.promotion;
  control.promotion = undefined;
  if (!order) return undefined;
  const { by, comment } = order;
  const { result } = await traffic.lookAtStage({ ...watched, minimumHoldMs: 0, maximumHoldMs: 0 });
  if (result!.verdict === 'failed') return result;
  const proven = result!.verdict === 'successful';
  if (!proven && !comment.trim()) return undefined; // it was proven when the order was taken, and no longer is
  const reason = proven ? result!.reason : `promoted without proof by ${by}: ${comment}; ${result!.reason}`;
  const promoted = { ...result!, reason, promoted: { by, comment, proven } };
  if (proven) return promoted;
  const { weight } = watched;
  const { evidence } = await records.writeStages({ spec, weight, stages: [...control.stages, promoted] });
  const gate = `${weight === 0 ? 'shadow' : stageGate(weight)}-hold`;
  const at = new Date().toISOString();
  const decision = { gate, outcome: 'waived', by, comment, at, evidenceSha256: evidence.sha256 } as const;
  control.decisions.push(decision);
  const event = `promotion/${attempt}/${weight}/${control.stages.length}`;
  await records.writeJournal({ engagement: spec.engagement, event, kind: 'decision', body: decision });
  return promoted;
}

async function continueWhenLong(
  input: RolloutInput,
  { stages, decisions, paused, promotion, rollback }: RolloutControl,
  held: { weight: number; startedAt: string; pausedMs: number }
): Promise<void> {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  if (!continueAsNewSuggested && historyLength < (input.historyLimit ?? Number.POSITIVE_INFINITY)) return;
  if (promotion || rollback) return;
  await continueAsNew<typeof rollout>({ ...input, resume: { stages, decisions, paused, ...held } });
}

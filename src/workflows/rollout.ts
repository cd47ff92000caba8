import { CancellationScope, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { ArtifactRef } from '../domain/artifact.ts';
import type { RolloutResult } from '../domain/engagement.ts';
import { rolloutId, stageGate } from '../domain/ids.ts';
import type { Spec } from '../domain/spec.ts';
import type { StageResult } from '../domain/traffic.ts';
import type { Verdict } from '../domain/verdict.ts';
import { records, traffic, watch } from './activities.ts';
import { decideAt } from './gate.ts';
import { RolloutControl } from './rollout-control.ts';
import { show } from './search-attributes.ts';
import { tell } from './tell.ts';

export interface RolloutInput {
  spec: Spec;
  attempt: number;
  twin: ArtifactRef;
  candidate: ArtifactRef;
}

const SHADOW = 0;

/** Shadow, then the stages of the spec; any harm, or an operator, takes the candidate back to 0 %. */
export async function rollout(input: RolloutInput): Promise<RolloutResult> {
  const { spec } = input;
  const control = new RolloutControl();
  show({ phase: 'rollout' });
  try {
    await traffic.openRoute({ ...input, rollout: rolloutId(spec.engagement, input.attempt) });
    for (const weight of [SHADOW, ...spec.rollout.stages]) {
      const stopped = await climb(input, control, weight);
      if (stopped) return await comeDown(input, control, stopped);
    }
    const { weight } = await traffic.readRoute({ model: spec.model.name });
    return {
      verdict: 'successful',
      reason: 'held at every stage',
      stages: control.stages,
      decisions: control.decisions,
      finalWeight: weight / 100, // the router counts in basis points
    };
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      comeDown(input, control, {
        verdict: isCancellation(error) ? 'inconclusive' : 'error',
        reason: isCancellation(error) ? 'cancelled' : 'the rollout could not go on',
      })
    );
    throw error;
  }
}

interface Stop {
  verdict: Verdict;
  reason: string;
}

/** One stage, with the approvals before and, where it stays inconclusive, after it. Returns why to come down. */
async function climb(input: RolloutInput, control: RolloutControl, weight: number): Promise<Stop | undefined> {
  const { spec } = input;
  control.stage = weight;
  if (asksBefore(spec, weight)) {
    const refused = await askPerson(input, control, weight, 'successful');
    if (refused) return refused;
  }
  for (;;) {
    await control.whileRunning();
    const result = await control.unlessRolledBack(() => holdStage(input, weight));
    if (!result) return { verdict: 'failed', reason: rolledBackBy(control) };
    control.stages.push(result);
    await journalStage(input, control, result);
    await control.whileRunning();
    if (control.rollback) return { verdict: 'failed', reason: rolledBackBy(control) };
    if (result.verdict === 'successful') return undefined;
    if (result.verdict === 'failed') return { verdict: 'failed', reason: result.reason };
    const refused = await askPerson(input, control, weight, result.verdict);
    if (refused) return refused;
    if (control.decisions.at(-1)!.outcome === 'waived') return undefined;
  }
}

function asksBefore(spec: Spec, weight: number): boolean {
  return weight === spec.rollout.stages.at(-1) || spec.rollout.approvalBefore.includes(weight);
}

async function holdStage({ spec }: RolloutInput, weight: number): Promise<StageResult> {
  const stage = stageName(weight);
  setCurrentDetails(`Rollout stage **${stage}** of ${spec.model.name}`);
  const model = spec.model.name;
  const { startedAt } = await traffic.setTrafficWeight({ engagement: spec.engagement, model, weight, stage });
  return watch.watchStage.executeWithOptions({ summary: stage }, [
    {
      model,
      weight,
      stage,
      startedAt,
      minimumHoldMs: spec.rollout.minimumHold,
      maximumHoldMs: spec.rollout.maximumHold,
      minimumPairs: spec.rollout.minimumPairs,
    },
  ]);
}

async function askPerson(
  { spec }: RolloutInput,
  control: RolloutControl,
  weight: number,
  verdict: Verdict
): Promise<Stop | undefined> {
  const gate = stageGate(weight);
  const { evidence, summary } = await records.writeStages({ spec, weight, stages: control.stages });
  const attempt = control.decisions.filter((decision) => decision.gate === gate).length + 1;
  const question = { phase: 'rollout', gate, attempt, verdict, summary, evidenceSha256: evidence.sha256 } as const;
  const decision = await control.unlessRolledBack(() => decideAt(control, spec, question));
  if (!decision) return { verdict: 'failed', reason: rolledBackBy(control) };
  control.decisions.push(decision);
  if (decision.outcome === 'expired') return { verdict: 'inconclusive', reason: decision.comment };
  if (decision.outcome === 'rejected')
    return { verdict: 'failed', reason: `rejected at ${gate} by ${decision.by}: ${decision.comment}` };
  return undefined;
}

async function journalStage({ spec, attempt }: RolloutInput, control: RolloutControl, body: StageResult) {
  const event = `stage/${attempt}/${body.weight}/${control.stages.length}`;
  await records.writeJournal({ engagement: spec.engagement, event, kind: 'stage', body });
}

/** Takes the candidate out of the traffic, confirms it by read-back, and tells people. */
async function comeDown(
  { spec, attempt }: RolloutInput,
  { stages, stage, decisions }: RolloutControl,
  stop: Stop
): Promise<RolloutResult> {
  const model = spec.model.name;
  const { weight } = await traffic.returnToTwin({ model, reason: stop.reason });
  const tripped = { stage, reason: stop.reason, confirmedWeight: weight };
  const { engagement } = spec;
  await records.writeJournal({ engagement, event: `trip/${attempt}`, kind: 'trip', body: tripped });
  await tell(
    {
      kind: 'rollout-tripped',
      engagement,
      modelName: model,
      ...tripped,
      to: spec.gates.approvers,
    },
    model
  );
  return { ...stop, stages, decisions, finalWeight: weight };
}

function stageName(weight: number): string {
  return weight === SHADOW ? 'shadow' : `${weight}%`;
}

function rolledBackBy({ rollback }: RolloutControl): string {
  return `rolled back by ${rollback?.by}: ${rollback?.comment || 'no comment'}`;
}

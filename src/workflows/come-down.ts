import { condition, isCancellation, patched } from '@temporalio/workflow';
import type { Spec } from '../domain/spec.ts';
import { type TimeToZero, timeToZero } from '../domain/time-to-zero.ts';
import type { TakenOut } from '../domain/traffic.ts';
import { records, traffic } from './activities.ts';
import { type Outgoing, tell } from './tell.ts';

/** After so long without a confirmation people hear that there is none: it usually takes a second. */
const PATIENCE = '10 seconds';

export interface Descent {
  /** The weight, in percent, that the candidate was at. */
  stage: number;
  reason: string;
  /** Of the journal. */
  event: string;
}

/** What was read back. */
export interface Down extends Pick<TakenOut, 'weight' | 'evidence' | 'times'> {
  toZero?: TimeToZero | undefined;
}

/** Takes the candidate out of the traffic before anything else, then records it and tells people. */
export async function comeDown(spec: Spec, descent: Descent, outgoing: Outgoing): Promise<Down> {
  const down = await takeOut(spec, descent);
  await recordDescent(spec, descent, down, outgoing);
  return down;
}

/** While nothing is read back people are told that, and it is tried on. */
export async function takeOut(spec: Spec, descent: Descent): Promise<Down> {
  const orderedAt = new Date().toISOString();
  let isOver = false;
  const taking = traffic.returnToTwin({ model: spec.model.name, reason: descent.reason }).finally(() => {
    isOver = true;
  });
  taking.catch(() => {}); // said below
  // 2026-11-27: nobody was told of a router that hangs or refuses; to be removed once no rollout from before is open
  const tellsOfFault = patched('told-of-no-confirmation');
  const told = () => tell(tripMail(spec, descent), spec.model.name);
  if (tellsOfFault && !(await condition(() => isOver, PATIENCE))) told().catch(() => {}); // cancelled with the workflow
  try {
    const taken = await taking;
    const { weight, evidence, times } = taken;
    return { weight, evidence, times, toZero: timeToZero(taken, descent.stage, orderedAt) };
  } catch (error) {
    if (tellsOfFault && !isCancellation(error)) await told();
    throw error;
  }
}

export async function recordDescent(spec: Spec, descent: Descent, down: Down, outgoing: Outgoing): Promise<void> {
  const { stage, reason, event } = descent;
  const body = { stage, reason, confirmedWeight: down.weight, ...(down.toZero && { toZero: down.toZero }) };
  await records.writeJournal({ engagement: spec.engagement, event, kind: 'trip', body });
  await outgoing.send(tripMail(spec, descent, down), spec.model.name);
}

/** Without what was read back, it tells that nothing was. */
function tripMail({ engagement, model, gates, serving }: Spec, { stage, reason }: Descent, down?: Down) {
  const { weight = null, toZero, evidence, times } = down ?? {};
  const read = { confirmedWeight: weight, toZero, evidence, times };
  const to = gates.approvers;
  return { kind: 'rollout-tripped' as const, engagement, modelName: model.name, stage, reason, ...read, serving, to };
}

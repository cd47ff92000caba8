import { patched } from '@temporalio/workflow';
import type { Spec } from '../domain/spec.ts';
import { type Incident, openIncident, type SupportState } from '../domain/support.ts';
import { records, traffic } from './activities.ts';
import { comeDown, type Descent, recordDescent, takeOut } from './come-down.ts';
import type { Outgoing } from './tell.ts';

interface Window {
  spec: Spec;
  attempt: number;
}

/** What took the candidate out. */
export interface Stop {
  incident: Incident;
  /** What the router answered then; undefined where it must still be taken out. */
  finalWeight?: number | undefined;
}

interface Occurrence extends Pick<Incident, 'kind' | 'reason'> {
  /** A person asked for it. */
  isRollback?: boolean;
}

/** The candidate's share of the traffic in a window, in percent. */
export const shareOf = ({ rollout }: Spec): number => 100 - (rollout.holdBackPercent ?? 0);

/** Opens an incident: takes the candidate out where it must, then records it and tells people. */
export async function open(
  { spec, attempt }: Window,
  state: SupportState,
  { kind, reason, isRollback = takesOut(kind, spec) }: Occurrence,
  outgoing: Outgoing
): Promise<Stop | undefined> {
  const { engagement, model, gates } = spec;
  const incident = openIncident(state, spec, { kind, reason }, new Date().toISOString());
  const { number } = incident;
  const descent = descentOf(attempt, incident, shareOf(spec));
  // 2026-11-27: people were told first, and waited for; to be removed once no window from before is open
  const down = isRollback && patched('down-before-people-are-told') ? await takeOut(spec, descent) : undefined;
  incident.toZero = down?.toZero;
  const event = `incident/${attempt}/${number}`;
  await records.writeJournal({ engagement, event, kind: 'incident', body: { ...incident } });
  const read = { confirmedWeight: down?.weight, evidence: down?.evidence, times: down?.times ?? state.service?.times };
  const seen = { ...read, detectors: state.evidence };
  const mail = { engagement, modelName: model.name, incident, ...seen, serving: spec.serving, to: gates.approvers };
  await outgoing.send({ kind: 'support-incident', ...mail }, `incident ${number}`);
  if (down) await recordDescent(spec, descent, down, outgoing);
  return isRollback ? { incident, finalWeight: down?.weight } : undefined;
}

function takesOut(kind: Incident['kind'], { support }: Spec): boolean {
  if (kind === 'trip') return true;
  return kind !== 'no-data' && kind !== 'reported' && support.onAlarm === 'rollback';
}

/** From a share of the traffic, in percent, out of a window. */
export const descentFrom = (stage: number, attempt: number, reason: string): Descent => ({
  stage,
  reason,
  event: `trip/support/${attempt}`,
});

const descentOf = (attempt: number, { day, reason }: Incident, stage: number): Descent =>
  descentFrom(stage, attempt, `support, day ${day}: ${reason}`);

/** What the router answers at the end; a candidate that must still be taken out comes down first. */
export async function lastWeight(
  { spec, attempt }: Window,
  incident: Incident | undefined,
  outgoing: Outgoing
): Promise<number> {
  const { weight } = await traffic.readRoute({ model: spec.model.name });
  if (!incident) return weight / 100;
  const down = await comeDown(spec, descentOf(attempt, incident, weight / 100), outgoing);
  incident.toZero = down.toZero;
  return down.weight;
}

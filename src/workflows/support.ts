import {
  allHandlersFinished,
  CancellationScope,
  ContinueAsNew,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { commandRefused, lastWords } from '../domain/errors.ts';
import { withLook } from '../domain/service-level.ts';
import type { Spec } from '../domain/spec.ts';
import {
  dayOf,
  endWeek,
  GUARD_SHARES,
  type Incident,
  isOpen,
  newSupport,
  plannedDays,
  plannedLooks,
  restart,
  type SupportResult,
  type SupportState,
  supportCheck,
  takeIn,
  weekIsOver,
} from '../domain/support.ts';
import { records, traffic } from './activities.ts';
import { comeDown } from './come-down.ts';
import { descentFrom, lastWeight, open, type Stop, shareOf } from './incident.ts';
import { type SupportCommandInput, type SupportProgress, supportQuery, supportUpdate } from './messages.ts';
import { proposeReoptimization } from './reoptimization.ts';
import { show } from './search-attributes.ts';
import { Outgoing } from './tell.ts';

export interface SupportInput {
  spec: Spec;
  attempt: number;
  /** Rows of each class in the production data that the engagement was given. */
  reference: Record<string, number>;
  /** The same of the calibration data; absent in windows that began before it was compared. */
  calibration?: Record<string, number>;
  /** When the quality gate before the release was computed; absent in windows that began before age was asked for. */
  measuredAt?: string | undefined;
  /** Where an earlier run of the same window stood. */
  resume?: SupportState;
  /** Continue as new once the history has this many events; the server's advice by default. */
  historyLimit?: number;
}

/** The window after the last stage: sampled requests run on both arms, and a late break takes the candidate out. */
export async function support(input: SupportInput): Promise<SupportResult> {
  const { spec } = input;
  const orders: SupportCommandInput[] = [];
  const outgoing = new Outgoing();
  let state = input.resume;
  setHandler(supportQuery, () => progressOf(spec, state));
  setHandler(
    supportUpdate,
    (order) => {
      orders.push(order);
      return progressOf(spec, state);
    },
    { description: 'Acknowledge or open an incident, or roll back', validator: (order) => refuse(order, state, orders) }
  );
  show({ phase: 'support' });
  try {
    state ??= await begin(input);
    return await guard(input, state, orders, outgoing);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    // 2026-11-27: the candidate stayed, and nobody watched; to be removed once no window from before is kept
    if (patched('unguarded-comes-down')) await CancellationScope.nonCancellable(() => giveUp(input, error, outgoing));
    throw error;
  }
}

/** Looks and does what people ask for, until the window's end or until the candidate must come down. */
async function guard(
  input: SupportInput,
  state: SupportState,
  orders: SupportCommandInput[],
  outgoing: Outgoing
): Promise<SupportResult> {
  const { spec } = input;
  while (state.looks < plannedLooks(spec)) {
    setCurrentDetails(`Support, day ${dayOf(spec, state.looks)} of ${plannedDays(spec)} of ${spec.model.name}`);
    await condition(() => orders.length > 0, Math.max(1, dueAt(spec, state) - Date.now()));
    const stop = (await obey(input, state, orders, outgoing)) ?? (await look(input, state, outgoing));
    if (stop) return finish(input, state, outgoing, stop);
    await continueWhenLong(input, state, orders, outgoing);
  }
  // 2026-11-27: what was asked for during the last look was lost; to be removed once no window from before is open
  const isAsked = orders.length > 0 && patched('orders-of-the-last-look');
  return finish(input, state, outgoing, isAsked ? await obey(input, state, orders, outgoing) : undefined);
}

/** A candidate that nobody watches any longer does not stay in the traffic. */
async function giveUp({ spec, attempt }: SupportInput, error: unknown, outgoing: Outgoing): Promise<void> {
  const why = isCancellation(error) ? 'was cancelled' : `could not go on: ${lastWords(error)}`;
  await comeDown(spec, descentFrom(shareOf(spec), attempt, `the support window ${why}`), outgoing);
  await outgoing.delivered();
}

/** When the next look falls due: by the clock of the start, so that no delay adds up over the days. */
const dueAt = ({ support: { day, looksPerDay } }: Spec, { startedAt, looks }: SupportState): number =>
  Date.parse(startedAt) + (looks + 1) * (day / looksPerDay);

async function begin({ spec, attempt }: SupportInput): Promise<SupportState> {
  const { engagement, model, support } = spec;
  const { startedAt } = await traffic.setTrafficWeight({
    engagement,
    model: model.name,
    weight: shareOf(spec),
    stage: 'support',
    sample: support.sample,
  });
  const status = await traffic.readRoute({ model: model.name });
  const body = { days: plannedDays(spec), ...support };
  await records.writeJournal({ engagement, event: `support/${attempt}/begun`, kind: 'support', body });
  // 2026-11-26: for windows that began with equal shares; to be removed once none is open
  const shares = patched('support-alpha-by-need') ? GUARD_SHARES : undefined;
  // 2026-11-27: for windows in which one alarm silenced the other guards; to be removed once none is open
  return newSupport(startedAt, status, { shares, ...(patched('every-guard') && { everyGuard: true }) });
}

/** One look, when it is due. Returns why the candidate came down, if it did. */
async function look(input: SupportInput, state: SupportState, outgoing: Outgoing): Promise<Stop | undefined> {
  const { spec } = input;
  if (Date.now() < dueAt(spec, state)) return undefined;
  const status = await traffic.readRoute({ model: spec.model.name });
  const isLate = Date.now() - dueAt(spec, state) > spec.support.day / spec.support.looksPerDay;
  state.service = withLook(state.service, status, isLate);
  let stop: Stop | undefined;
  for (const alarm of takeIn(state, spec, status))
    if (!stop && !isKnown(state, alarm.kind)) stop = await open(input, state, alarm, outgoing);
  if (weekIsOver(state, spec)) await report(input, state, outgoing);
  return stop;
}

const isKnown = ({ incidents }: SupportState, kind: Incident['kind']): boolean =>
  incidents.some((incident) => incident.kind === kind && isOpen(incident));

async function report(input: SupportInput, state: SupportState, outgoing: Outgoing): Promise<void> {
  const { spec, attempt, reference, calibration } = input;
  const { engagement, model, gates } = spec;
  const week = endWeek(state, spec, { production: reference, calibration }, new Date().toISOString());
  const page = await records.writeWeek({ spec, attempt, week, incidents: state.incidents });
  await outgoing.send(
    { kind: 'support-week', engagement, modelName: model.name, week, page, to: gates.approvers },
    `week ${week.number}`
  );
  state.proposal = await proposeReoptimization(input, state, week, outgoing);
}

/** Does what people asked for since the last time. */
async function obey(
  { spec, attempt }: SupportInput,
  state: SupportState,
  orders: SupportCommandInput[],
  outgoing: Outgoing
): Promise<Stop | undefined> {
  for (let order = orders.shift(); order; order = orders.shift()) {
    const { command, by, comment } = order;
    if (command === 'acknowledge') {
      const incident = state.incidents.find(({ number }) => number === order.incident)!;
      incident.acknowledged = { by, comment, at: new Date().toISOString() };
      restart(state);
      const event = `incident/${attempt}/${incident.number}/acknowledged`;
      await records.writeJournal({ engagement: spec.engagement, event, kind: 'incident', body: { ...incident } });
      continue;
    }
    const what = { kind: 'reported', reason: `${by}: ${comment}`, isRollback: command === 'rollback' } as const;
    const stop = await open({ spec, attempt }, state, what, outgoing);
    if (stop) return stop;
  }
  return undefined;
}

function refuse(order: SupportCommandInput, state: SupportState | undefined, orders: SupportCommandInput[]): void {
  const { command, by, comment, incident: number } = order;
  if (!by?.trim()) throw commandRefused('by is required: who says so?');
  if (!comment?.trim()) throw commandRefused('comment is required: what was found?');
  if (command !== 'acknowledge') return;
  const incident = state?.incidents.find((candidate) => candidate.number === number);
  if (!incident) throw commandRefused(`there is no incident ${number}; see \`stepdown support status\``);
  const isBeingDone = orders.some((other) => other.command === 'acknowledge' && other.incident === number);
  if (!isOpen(incident) || isBeingDone) throw commandRefused(`incident ${number} was acknowledged already`);
}

async function finish(
  input: SupportInput,
  state: SupportState,
  outgoing: Outgoing,
  stop: Stop | undefined
): Promise<SupportResult> {
  const { spec } = input;
  const { support } = spec;
  const days = Number((state.looks / support.looksPerDay).toFixed(2));
  const finalWeight = stop?.finalWeight ?? (await lastWeight(input, stop?.incident, outgoing));
  if (stop && state.looks > 0 && state.weeks.at(-1)?.days[1] !== days) await report(input, state, outgoing);
  await outgoing.delivered();
  const rolledBackBy = stop?.incident.number;
  const { incidents, looks } = state;
  const { verdict, reason } = supportCheck({ incidents, looks, days, rolledBackBy });
  return {
    verdict,
    reason,
    rolledBackBy,
    days,
    daysPlanned: plannedDays(spec),
    dayMs: support.day,
    looks,
    sample: support.sample,
    weeks: state.weeks,
    incidents,
    service: state.service,
    proposal: state.proposal,
    startedAt: state.startedAt,
    endedAt: new Date().toISOString(),
    finalWeight,
  };
}

async function continueWhenLong(
  input: SupportInput,
  state: SupportState,
  orders: SupportCommandInput[],
  outgoing: Outgoing
): Promise<void> {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  if (!continueAsNewSuggested && historyLength < (input.historyLimit ?? Number.POSITIVE_INFINITY)) return;
  await condition(allHandlersFinished);
  if (orders.length > 0 || !outgoing.isEmpty) return; // done first; a later turn continues
  await continueAsNew<typeof support>({ ...input, resume: state });
}

function progressOf(spec: Spec, state?: SupportState): SupportProgress {
  const days = plannedDays(spec);
  if (!state) return { day: 1, days, daysLeft: days, weeks: 0, incidents: [] };
  const { looks, weeks, evidence, incidents, service, proposal } = state;
  const daysLeft = Number((days - looks / spec.support.looksPerDay).toFixed(2));
  const times = service?.times;
  return { day: dayOf(spec, looks), days, daysLeft, weeks: weeks.length, evidence, incidents, times, proposal };
}

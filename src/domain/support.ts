import type { Decision } from './decision.ts';
import { harmMarginOf } from './guardrails.ts';
import { noEvidence } from './judge.ts';
import { PACKAGES } from './packages.ts';
import { driftsOf, type Proposal, type Reference } from './reoptimization.ts';
import { judgeConfigOf } from './rollout-policy.ts';
import type { ServiceRecord } from './service-level.ts';
import type { Spec } from './spec.ts';
import type { Drift } from './statistics/drift.ts';
import {
  type Detector,
  detectorBound,
  detectorStatistic,
  newDetector,
  observeLosses,
} from './statistics/shiryaev-roberts.ts';
import type { TimeToZero } from './time-to-zero.ts';
import type { CountName, EvidenceCounts, RouteStatus } from './traffic.ts';
import { counted } from './units.ts';
import type { Check, Verdict } from './verdict.ts';
import { waitingText } from './waiting.ts';

export const GUARDS = ['labelled-worse', 'disagreement', 'error-rate'] as const;
export type Guard = (typeof GUARDS)[number];

/** How alpha is split over the detectors: as in the ramp, most goes to what needs most evidence. */
export const GUARD_SHARES: Record<Guard, number> = { 'labelled-worse': 0.7, disagreement: 0.2, 'error-rate': 0.1 };

export interface Incident {
  /** 1 for the first. */
  number: number;
  kind: Guard | 'trip' | 'no-data' | 'reported';
  day: number;
  openedAt: string;
  reason: string;
  acknowledged?: { by: string; comment: string; at: string };
  /** Where it took the candidate out; absent in older windows. */
  toZero?: TimeToZero | undefined;
}

/** What a week came to; kept in the state, written as a page and mailed. */
export interface Week {
  number: number;
  /** Days of the window that it covers. */
  days: [number, number];
  counts: EvidenceCounts;
  /** The largest share of its bound that each detector came to since it last began. */
  evidence: Record<Guard, number>;
  drift: Drift[];
  incidents: number;
  /** Since the window began; absent in older windows. */
  service?: ServiceRecord | undefined;
  endedAt: string;
}

/** Everything that a support window knows; crosses continue-as-new whole. */
export interface SupportState {
  startedAt: string;
  looks: number;
  /** Looks in a row without a new pair. */
  silentLooks: number;
  counts: EvidenceCounts;
  weekBegan: EvidenceCounts;
  /** Classes answered by each arm on compared requests, as last read. */
  classes?: RouteStatus['classes'];
  detectors: Record<Guard, Detector>;
  /** Whether a guard goes on while another one has raised its alarm; absent in windows that began while none did. */
  everyGuard?: true;
  /** Of alpha; absent in windows that began while all had the same. */
  shares?: Record<Guard, number>;
  evidence: Record<Guard, number>;
  weeks: Week[];
  incidents: Incident[];
  service?: ServiceRecord;
  proposal?: Proposal;
}

export interface SupportResult {
  verdict: Verdict;
  reason: string;
  days: number;
  daysPlanned: number;
  /** How long a day lasted; below 24 hours the window was a demonstration. */
  dayMs: number;
  looks: number;
  sample: number;
  weeks: Week[];
  incidents: Incident[];
  startedAt: string;
  endedAt: string;
  /** What the router answered last, in percent. */
  finalWeight: number;
  decision?: Decision | null;
  /** Absent in older windows. */
  service?: ServiceRecord | undefined;
  /** Another engagement, where production drifted away. */
  proposal?: Proposal | undefined;
  /** The number of the incident that took the candidate out. */
  rolledBackBy?: number | undefined;
}

export const plannedDays = ({ support, package: bought }: Spec): number => support.days ?? PACKAGES[bought].supportDays;
export const plannedLooks = (spec: Spec): number => Math.ceil(plannedDays(spec) * spec.support.looksPerDay);

/** One more day than its looks have filled; the window's last day is its last. */
export const dayOf = (spec: Spec, looks: number): number =>
  Math.min(Math.ceil(plannedDays(spec)), Math.floor(looks / spec.support.looksPerDay) + 1);

export function newSupport(
  startedAt: string,
  { counts }: RouteStatus,
  { shares, everyGuard }: Pick<SupportState, 'shares' | 'everyGuard'> = {}
): SupportState {
  return {
    startedAt,
    looks: 0,
    silentLooks: 0,
    counts,
    weekBegan: counts,
    detectors: eachGuard(newDetector),
    ...(everyGuard && { everyGuard }),
    ...(shares && { shares }),
    evidence: eachGuard(() => 0),
    weeks: [],
    incidents: [],
  };
}

const eachGuard = <T>(make: () => T) => Object.fromEntries(GUARDS.map((guard) => [guard, make()])) as Record<Guard, T>;

/** A detector begins anew once a person has looked at what it said. */
export function restart(state: SupportState): void {
  state.detectors = eachGuard(newDetector);
}

/** Takes in what the router has counted since the last look. Returns the alarms, the first to act on first. */
export function takeIn(state: SupportState, spec: Spec, status: RouteStatus): Pick<Incident, 'kind' | 'reason'>[] {
  const { counts } = status;
  const fresh = minus(counts, state.counts);
  state.looks += 1;
  state.counts = counts;
  state.classes = status.classes;
  state.silentLooks = fresh.pairs > 0 ? 0 : state.silentLooks + 1;
  const alarms: Pick<Incident, 'kind' | 'reason'>[] = [];
  if (status.trip) alarms.push({ kind: 'trip', reason: status.trip.reason });
  for (const guard of GUARDS) {
    if (alarms.length > 0 && !state.everyGuard) return alarms;
    const alpha = spec.support.alpha * (state.shares?.[guard] ?? 1 / GUARDS.length);
    const bound = detectorBound(plannedLooks(spec), alpha);
    const { losses, margin } = watched(guard, fresh, spec);
    state.detectors[guard] = observeLosses(state.detectors[guard], losses, margin);
    const share = detectorStatistic(state.detectors[guard]) / bound;
    state.evidence[guard] = Math.max(state.evidence[guard], share);
    if (share >= 1)
      alarms.push({
        kind: guard,
        reason: `${SAID[guard]} since ${state.startedAt.slice(0, 16).replace('T', ' ')} UTC: the detector reached its bound of ${Math.round(bound)}`,
      });
  }
  if (alarms.length > 0 && !state.everyGuard) return alarms;
  if (state.silentLooks > 0 && state.silentLooks % spec.support.looksPerDay === 0)
    alarms.push({ kind: 'no-data', reason: 'no request was compared for a day: the guard is blind' });
  return alarms;
}

const SAID: Record<Guard, string> = {
  'labelled-worse': 'accuracy fell by more than the margin of harm at some time',
  disagreement: 'the arms began to disagree more than the budget allows at some time',
  'error-rate': 'the candidate began to fail more than the budget allows at some time',
};

function watched(guard: Guard, fresh: EvidenceCounts, spec: Spec) {
  const judge = judgeConfigOf(spec);
  const { plus, minus, zero, disagreements, pairs, candidateErrors, candidateRequests } = fresh;
  if (guard === 'labelled-worse') return { losses: { plus, minus, zero }, margin: harmMarginOf(judge) };
  if (guard === 'disagreement') return { losses: events(disagreements, pairs), margin: judge.disagreementBudget };
  return { losses: events(candidateErrors, candidateRequests), margin: judge.errorBudget };
}

const events = (happened: number, of: number) => ({ plus: happened, minus: 0, zero: of - happened });

const minus = (now: EvidenceCounts, before: EvidenceCounts): EvidenceCounts => {
  const names = Object.keys(noEvidence()) as CountName[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as unknown as EvidenceCounts;
};

export function openIncident(
  state: SupportState,
  spec: Spec,
  what: Pick<Incident, 'kind' | 'reason'>,
  at: string
): Incident {
  const incident = { ...what, number: state.incidents.length + 1, day: dayOf(spec, state.looks), openedAt: at };
  state.incidents.push(incident);
  return incident;
}

export const isOpen = ({ acknowledged }: Incident): boolean => acknowledged === undefined;

/** The report falls due with the last look of its days, and with the last look of all. */
export function weekIsOver(state: SupportState, spec: Spec): boolean {
  const { daysPerReport, looksPerDay } = spec.support;
  if (state.looks >= plannedLooks(spec)) return true;
  return state.looks >= Math.ceil((state.weeks.length + 1) * daysPerReport * looksPerDay);
}

/** Closes the week: its own counts, and the drift of what was answered since the window began. */
export function endWeek(state: SupportState, spec: Spec, reference: Reference, at: string): Week {
  const number = state.weeks.length + 1;
  const first = state.weeks.at(-1)?.days[1] ?? 0;
  const days = state.looks / spec.support.looksPerDay;
  const week: Week = {
    number,
    days: [first, Number(days.toFixed(2))],
    counts: minus(state.counts, state.weekBegan),
    evidence: { ...state.evidence },
    drift: state.classes ? driftsOf(state.classes, spec, reference) : [],
    incidents: Math.max(0, state.incidents.length - state.weeks.reduce((sum, { incidents }) => sum + incidents, 0)),
    service: state.service,
    endedAt: at,
  };
  state.weekBegan = state.counts;
  state.evidence = eachGuard(() => 0);
  state.weeks.push(week);
  return week;
}

/** What a window came to: harm fails it, and an incident that nobody looked at leaves it open. */
export function supportCheck({
  incidents,
  rolledBackBy,
  days,
  looks,
}: Pick<SupportResult, 'incidents' | 'rolledBackBy' | 'days' | 'looks'>): Check {
  const name = 'support';
  const harm = incidents.find(({ number }) => number === rolledBackBy);
  if (harm) return { name, verdict: 'failed', reason: `rolled back on day ${harm.day}: ${harm.reason}` };
  const waiting = incidents.filter(isOpen);
  const held = `held for ${days} days in ${looks} looks`;
  if (waiting.length === 0) return { name, verdict: 'successful', reason: held };
  const numbers = waiting.map(({ number }) => number).join(', ');
  return { name, verdict: 'inconclusive', reason: `${held}, but nobody acknowledged incident ${numbers}` };
}

/** Such as `0.002 %`, or `108 %` where it raised an alarm. */
export const shareOfBound = (share: number): string =>
  `${(100 * share).toLocaleString('en-GB', { maximumSignificantDigits: 3 })} %`;

export const countOf = (incidents: number): string => counted(incidents, 'incident');

/** A week in lines, as the mail and the page begin. */
export function describeWeek({ days, counts, evidence, drift, incidents, service }: Week): string[] {
  const { pairs, disagreements, plus, minus, zero, candidateErrors, candidateRequests } = counts;
  const largest = Math.max(...Object.values(evidence));
  return [
    `days ${days[0]} to ${days[1]}: ${pairs} compared, ${disagreements} differ, ${plus + minus + zero} with a label`,
    `labels: ${plus} lost and ${minus} won by the candidate; ${candidateErrors} of ${candidateRequests} candidate requests failed`,
    `nearest detector at ${shareOfBound(largest)} of its bound; ${countOf(incidents)}`,
    ...(service?.times ? [`waited since the window began: ${waitingText(service.times)}`] : []),
    ...drift.map(
      ({ what, psi, jensenShannon, n }) =>
        `drift of ${what}: PSI ${psi.toFixed(3)}, Jensen-Shannon ${jensenShannon.toFixed(3)} bits (n ${n[0]} and ${n[1]}; reported only)`
    ),
  ];
}

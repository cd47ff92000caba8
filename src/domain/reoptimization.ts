import { classesOf } from './classes.ts';
import { PACKAGES } from './packages.ts';
import type { Spec } from './spec.ts';
import { type Drift, driftOf, psiByChance } from './statistics/drift.ts';
import type { Week } from './support.ts';
import type { RouteStatus } from './traffic.ts';
import { UNIT_MS } from './units.ts';

/** Another engagement that production asks for; a person starts it, or leaves it. */
export interface Proposal {
  /** The name that the new one would have. */
  engagement: string;
  /** Of the support window. */
  day: number;
  at: string;
  reason: string;
  /** Absent where age alone asks for it. */
  drift?: Drift | undefined;
  /** The specification, a file on the worker's machine. */
  specification: string;
}

/** How old the measurements are that the release rests on. */
export interface Age {
  measuredAt: string;
  days: number;
  /** The package's. */
  limitDays: number;
}

/** What asks for another engagement; drift goes before age. */
export type Occasion = { drift: Drift } | { age: Age };

/** What FP32 answers in production is held against both; the names stand in reports. */
export const REFERENCES = {
  production: 'classes answered by FP32, against the production rows given',
  calibration: 'classes answered by FP32, against the calibration rows',
} as const;

/** Rows of each class in what the engagement was given. */
export interface Reference {
  production: Record<string, number>;
  calibration?: Record<string, number> | undefined;
}

export function driftsOf(
  { twin, candidate }: NonNullable<RouteStatus['classes']>,
  spec: Spec,
  { production, calibration }: Reference
): Drift[] {
  const rows = (given: Record<string, number>) => classesOf(spec).map((label) => given[label] ?? 0);
  return [
    driftOf(REFERENCES.production, rows(production), twin),
    ...(calibration ? [driftOf(REFERENCES.calibration, rows(calibration), twin)] : []),
    driftOf('classes answered by the candidate, against FP32 on the same requests', twin, candidate),
  ];
}

/**
 * The largest drift of what production asks from what the engagement was given, if it reaches the specification's
 * threshold and is more than two samples of one distribution differ by chance.
 */
export function driftedAway({ drift }: Pick<Week, 'drift'>, spec: Spec): Drift | undefined {
  const { reoptimizeAtPsi } = spec.support;
  if (!reoptimizeAtPsi) return undefined; // kicked off before there was a threshold, or none is wanted
  const known: string[] = Object.values(REFERENCES);
  const bins = classesOf(spec).length;
  const far = drift.filter(
    ({ what, psi, n }) => known.includes(what) && psi >= reoptimizeAtPsi && psi > psiByChance(n, bins)
  );
  return far.sort((a, b) => b.psi - a.psi)[0];
}

/**
 * The age of the measurements at the end of a report's days, once it is as much as the package allows. Days before the
 * window are the calendar's; those of the window are as long as the specification says.
 */
export function grownOld(
  { days: [, day] }: Pick<Week, 'days'>,
  spec: Spec,
  { measuredAt, startedAt }: { measuredAt: string; startedAt: string }
): Age | undefined {
  const limitDays = PACKAGES[spec.package].reoptimizeAfterDays;
  const days = (Date.parse(startedAt) - Date.parse(measuredAt)) / UNIT_MS.day + day;
  return limitDays !== null && days >= limitDays ? { measuredAt, days, limitDays } : undefined;
}

/** One proposal is open at a time: a new one takes its place once it has grown as old as measurements may. */
export function mayPropose(open: Proposal | undefined, spec: Spec, { days: [, day] }: Pick<Week, 'days'>): boolean {
  const limitDays = PACKAGES[spec.package].reoptimizeAfterDays;
  return !open || (limitDays !== null && day - open.day >= limitDays);
}

export function reasonOfProposal(occasion: Occasion, { support, package: bought }: Spec): string {
  if ('age' in occasion) {
    const { measuredAt, days, limitDays } = occasion.age;
    return `measured on ${measuredAt.split('T')[0]}, ${Math.floor(days)} days before; package ${bought} asks for new measurements after ${limitDays}`;
  }
  const { what, psi, n } = occasion.drift;
  return `${what}: PSI ${psi.toFixed(3)} of ${support.reoptimizeAtPsi} (${n[0]} and ${n[1]} rows)`;
}

/** The sentence before the reason. */
export const whyProposed = ({ drift }: Pick<Proposal, 'drift'>): string =>
  drift ? 'Production drifted from what this one was given' : 'What this one was measured on has grown old';

import { classesOf } from './classes.ts';
import type { Spec } from './spec.ts';
import { type Drift, driftOf, psiByChance } from './statistics/drift.ts';
import type { Week } from './support.ts';
import type { RouteStatus } from './traffic.ts';

/** Another engagement that production asks for; a person starts it, or leaves it. */
export interface Proposal {
  /** The name that the new one would have. */
  engagement: string;
  /** Of the support window. */
  day: number;
  at: string;
  reason: string;
  drift: Drift;
  /** The specification, a file on the worker's machine. */
  specification: string;
}

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

export const reasonOfProposal = ({ what, psi, n }: Drift, { support }: Spec): string =>
  `${what}: PSI ${psi.toFixed(3)} of ${support.reoptimizeAtPsi} (${n[0]} and ${n[1]} rows)`;

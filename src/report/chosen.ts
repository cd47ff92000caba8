import type { CandidateLine, ClosingDocument } from '../domain/engagement.ts';
import { isScored, nameOf } from '../domain/tasks.ts';
import { ROLE_NAMES, SCHEME_NAMES } from './format.ts';

/** What the chosen candidate is judged by: the hold-out where it was reached, else the selection data. */
export function chosenLine({ candidates, chosen, holdout }: ClosingDocument): CandidateLine | undefined {
  if (chosen === null) return undefined;
  return holdout ?? candidates.findLast((line) => line.id === chosen);
}

/** The candidates as they were first measured, and the hold-out below them. */
export function allLines({ candidates, holdout }: ClosingDocument): CandidateLine[] {
  return holdout ? [...candidates, holdout] : candidates;
}

export const schemeOf = (line: CandidateLine): string => SCHEME_NAMES[line.scheme] ?? line.scheme;

export const measuredOn = (line: CandidateLine): string => (line.role ? ` on the ${ROLE_NAMES[line.role]}` : '');

/** What the verdicts were measured by. */
export const metricOf = ({ quality }: Pick<ClosingDocument, 'quality'>): string => nameOf(quality ?? {});

export const hasScores = ({ quality }: Pick<ClosingDocument, 'quality'>): boolean => isScored(quality ?? {});

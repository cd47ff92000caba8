import type { CandidateLine, ClosingDocument } from '../domain/engagement.ts';
import { ROLE_NAMES, SCHEME_NAMES } from './format.ts';

/** The chosen candidate's last measured line: the hold-out's where it was reached. */
export function chosenLine({ candidates, chosen }: ClosingDocument): CandidateLine | undefined {
  const lines = candidates.filter((line) => line.id === chosen);
  return lines.findLast((line) => line.accuracyDrop !== null) ?? lines.at(-1);
}

export const schemeOf = (line: CandidateLine): string => SCHEME_NAMES[line.scheme] ?? line.scheme;

export const measuredOn = (line: CandidateLine): string => (line.role ? ` on the ${ROLE_NAMES[line.role]}` : '');

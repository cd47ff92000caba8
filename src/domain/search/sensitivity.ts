import type { SequentialVerdict } from './sequential-verdict.ts';

/** Nodes that are quantized or kept together: a layer with weights, or every operator of a type between layers. */
export interface SensitivityGroup {
  name: string;
  nodes: string[];
  /** Squared distance of the answers from FP32's when this group alone is quantized, over their squared length. */
  error: number;
}

/** The task's metric with some groups kept in FP32, on as many rows as it took. */
export interface SubsetEvaluation {
  key: string;
  /** Answered, of `of`; fewer where the sequential test had seen enough. */
  rows: number;
  of: number;
  lost: number;
  won: number;
  /** Null where the rows ended first; then Tango's bound decides. */
  verdict: SequentialVerdict | null;
  holds: boolean;
}

/** What a search for sensitive groups came to. */
export interface Sensitivity {
  /** The candidate that did not hold the margin. */
  candidate: string;
  /** Most harmful first. */
  groups: (SensitivityGroup & { isKept: boolean })[];
  evaluations: (Omit<SubsetEvaluation, 'key'> & { kept: string[] })[];
  /** False where the budget ended before every kept group was shown to be needed. */
  isExact: boolean;
}

/** A search that could not be carried out, and what the tool said last. */
export interface SearchProblem {
  candidate: string;
  reason: string;
}

/** One sentence for people. */
export function describeSensitivity({ candidate, groups, evaluations, isExact }: Sensitivity): string {
  const kept = groups.filter(({ isKept }) => isKept).map(({ name }) => name);
  const count = `${evaluations.length} evaluations`;
  if (kept.length === groups.length) return `${candidate}: no part of it was found that holds the margin in ${count}`;
  const names = kept.length === 0 ? 'nothing' : kept.join(', ');
  return `${candidate} holds the margin when ${names} of ${groups.length} groups stays in FP32 (${count}${isExact ? '; without any one of them it does not' : '; perhaps fewer would do'})`;
}

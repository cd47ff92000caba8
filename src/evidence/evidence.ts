import type { ArtifactRef, DataRole } from '../domain/artifact.ts';
import type { Coverage } from '../domain/measurement.ts';
import type { Scheme } from '../domain/recipe.ts';
import type { QualitySpec, Spec } from '../domain/spec.ts';
import type { SupportResult } from '../domain/support.ts';
import type { TaskName } from '../domain/tasks.ts';
import type { JudgeConfig, StageResult } from '../domain/traffic.ts';
import type { Check } from '../domain/verdict.ts';

/** Everything a verdict on a candidate was computed from; anyone who has the files can compute it again. */
export interface CandidateEvidence {
  kind: 'candidate';
  role: DataRole;
  /** Text classification in evidence from before there were others. */
  task?: TaskName;
  scheme: Scheme;
  quality: QualitySpec;
  /** Judged on the hold-out only. */
  serving: Spec['serving'] | null;
  data: ArtifactRef;
  baselinePredictions: ArtifactRef;
  candidatePredictions: ArtifactRef;
  latencyRounds: ArtifactRef;
  sizeBytes: { baseline: number; candidate: number };
  coverage: Coverage;
  checks: Check[];
}

/** Why a candidate was given up before its accuracy was asked. */
export interface EfficiencyEvidence
  extends Pick<CandidateEvidence, 'scheme' | 'quality' | 'sizeBytes' | 'coverage' | 'checks'> {
  kind: 'efficiency';
  /** Null where the kernels alone decided. */
  latencyRounds: ArtifactRef | null;
}

/** A phase's requirements and the evidence of the candidates behind them. */
export interface PhaseEvidence {
  kind: 'phase';
  phase: string;
  checks: Check[];
  candidates: { id: string; checks: Check[]; evidence: ArtifactRef | null }[];
}

/** The stages of a rollout: counts, and the e-values that the judge made of them. */
export interface RolloutEvidence {
  kind: 'rollout';
  judge: JudgeConfig;
  stages: StageResult[];
}

/** The support window with its weeks and incidents. */
export interface SupportEvidence {
  kind: 'support';
  checks: Check[];
  support: SupportResult;
}

export type Evidence = CandidateEvidence | EfficiencyEvidence | PhaseEvidence | RolloutEvidence | SupportEvidence;

import type { ArtifactRef, DataRole, PreparedData } from './artifact.ts';
import type { Cancellation } from './cancellation.ts';
import type { EvidenceFile } from './closing-evidence.ts';
import type { Decision } from './decision.ts';
import type { LoadTest } from './load/load-test.ts';
import type { BaselineMeasurement, GivenUp, HostFingerprint, LatencyPercentiles, Trial } from './measurement.ts';
import type { Regression } from './metrics.ts';
import type { Recipe, Scheme } from './recipe.ts';
import type { ScoreRegression } from './scores.ts';
import type { SearchSpent } from './search/budget.ts';
import type { SearchProblem, Sensitivity } from './search/sensitivity.ts';
import type { Economics, ServingCost } from './serving-cost.ts';
import type { Spec } from './spec.ts';
import type { SupportResult } from './support.ts';
import type { TimeToZero } from './time-to-zero.ts';
import type { StageResult } from './traffic.ts';
import type { Training, TrainingRecord } from './training.ts';
import type { Check, Verdict } from './verdict.ts';

export const PHASES = ['baseline', 'ptq', 'optimization', 'rollout', 'support'] as const;
export type Phase = (typeof PHASES)[number];

/** The user's files as they were at kick-off; later changes to them change nothing. */
export interface SourceFiles {
  /** The ONNX file, or the list of a folder's files until it is exported. */
  model: ArtifactRef;
  /** Of text. */
  tokenizer?: ArtifactRef;
  /** The file, or the list of a folder's files. */
  data: Partial<Record<DataRole, ArtifactRef>>;
  /** The list of the evaluator's files. */
  evaluator?: ArtifactRef;
  /** Roles whose data is a folder. */
  folders?: DataRole[];
  /** Traffic, prices and fee, where the specification has them. */
  economics?: Economics;
}

export interface EngagementInput {
  spec: Spec;
  sources: SourceFiles;
  startedBy: string;
  startedAt: string;
  /** The portfolio that started it, and hears of it. */
  portfolio?: string;
}

export interface Preparation {
  model: { bytes: number; inputs: string[]; outputs: string[]; opset: number; parameters: number };
  data: Partial<Record<DataRole, PreparedData>>;
}

interface OtherMetric {
  metric: string;
  value: number;
}

/** The metric and its company on one role, from the predictions alone. */
export interface QualityFigures {
  role: DataRole;
  rows: number;
  /** The specification's metric, whatever it is: a share of right answers or a mean score. */
  accuracy: number;
  /** Of classes. */
  macroF1?: number | undefined;
  /** Of scores: mean square of the difference of two rows that differ. */
  scoreSpread?: number | undefined;
  /** The task's other metric, where it has one; reported, and decides nothing. */
  other?: OtherMetric | undefined;
}

/** A candidate against FP32 on one role; drops are fractions, positive when the candidate is worse. */
export interface CandidateFigures extends QualityFigures {
  accuracyDrop: number;
  /** One-sided upper confidence bound of the drop at the spec's confidence. */
  accuracyDropUpper: number;
  /** Rows with another top-1, or score, than FP32; `lost` were right, or higher, and are no more, `won` the reverse. */
  flips: number;
  lost: number;
  won: number;
  slices: SliceFigures[];
  /** Hardest rows by FP32 margin, length and rarity; reported, and decide nothing. Absent in older engagements. */
  hardExamples?: SliceFigures[];
  /** Exact two-sided McNemar: could the rows lost and won be even? */
  mcnemarP?: number;
  /** Rows that were right and are wrong, the surest first. */
  regressions?: (Regression | ScoreRegression)[];
  sizeRatio: number;
  speedup: number;
  speedupInterval: [number, number];
  noiseInterval: [number, number];
  integerCoverage: number;
}

export interface SliceFigures {
  name: string;
  rows: number;
  accuracyBaseline: number;
  accuracyCandidate: number;
  dropUpper: number;
  verdict: Verdict;
}

export interface CandidateResult {
  id: string;
  phase: Phase;
  scheme: Scheme;
  recipe: Recipe;
  verdict: Verdict;
  reason: string;
  checks: Check[];
  /** Absent when the verdict is `error`, nothing was measured, and where the candidate was given up. */
  trial?: Trial;
  givenUp?: GivenUp;
  figures?: CandidateFigures;
  evidence?: ArtifactRef;
  /** Of a trained one. */
  training?: TrainingRecord;
}

/** What a phase came to: its quality gate and the decision at its phase gate. */
export interface PhaseRecord {
  name: Phase;
  /** 1 for the first run, one more for every `revise`. */
  attempt: number;
  verdict: Verdict;
  reason: string;
  checks: Check[];
  evidence?: ArtifactRef;
  /** Null while the gate is open, and where a phase ended without one. */
  decision: Decision | null;
  /** Failed, and not put to a person: the next phase proposes what may still help. */
  goesOn?: boolean;
  startedAt: string;
  endedAt: string;
}

export interface RolloutResult {
  verdict: Verdict;
  reason: string;
  stages: StageResult[];
  decisions: Decision[];
  /** What the router answered last: the weight in percent, read back. */
  finalWeight: number;
  /** Where the candidate was taken out; absent in older rollouts. */
  toZero?: TimeToZero | undefined;
}

/** Everything an engagement knows about itself; crosses continue-as-new whole. */
export interface EngagementState {
  spec: Spec;
  phase: Phase | 'closed';
  preparation?: Preparation;
  baseline?: BaselineMeasurement;
  baselineFigures?: QualityFigures;
  /** Largest rates at the service level; absent in engagements that were kicked off before there were load tests. */
  loadTests?: { baseline?: LoadTest; chosen?: LoadTest };
  candidates: CandidateResult[];
  /** The search for what the fastest candidate that lost too much must keep in FP32. */
  sensitivity?: Sensitivity;
  /** Why that search came to nothing. */
  sensitivityProblem?: SearchProblem;
  training?: Training;
  /** Absent in engagements that were kicked off before there were budgets. */
  search?: SearchSpent;
  phases: PhaseRecord[];
  /** Recipes that people added by `revise`; tried in the PTQ phase beside the package's schemes. */
  customRecipes: Recipe[];
  /** Candidate ids that the PTQ gate let through. */
  released: string[];
  chosen?: string;
  /** The one look at the hold-out. */
  holdout?: { baseline: QualityFigures; candidate: CandidateResult };
  /** How to serve the chosen one; absent in engagements that were kicked off before there was a guide. */
  guide?: ArtifactRef;
  rollout?: RolloutResult;
  /** The window after the last stage; absent in engagements that were kicked off before there was one. */
  support?: SupportResult;
  /** Every time that the candidate was taken out of the traffic, over all runs of rollout and window. */
  trips?: TimeToZero[];
  awaiting?: { gate: string; workflowId: string; since: string };
  /** Who has ended it before its time. */
  cancelled?: Cancellation;
  /** How it closed. */
  outcome?: Pick<ClosingDocument, 'verdict' | 'reason' | 'endedAt' | 'report'>;
}

/** Before and after, as served. */
export interface ModelFigures {
  sizeBytes: number;
  /** The specification's metric. */
  accuracy: number;
  macroF1?: number | undefined;
  other?: OtherMetric | undefined;
  latency: LatencyPercentiles;
  throughputPerSecond: number;
  memoryBytes: number;
}

/** The closing document: what `--json` prints and the report shows. */
export interface ClosingDocument {
  engagement: string;
  client: string;
  modelName: string;
  package: string;
  /** Of an engagement that has not closed: what it would say if it ended now. */
  soFar?: boolean;
  verdict: Verdict;
  reason: string;
  startedAt: string;
  endedAt: string;
  phases: {
    name: Phase;
    attempt: number;
    verdict: Verdict;
    reason: string;
    decision: Decision | null;
    /** Absent in older documents. */
    checks?: Check[];
  }[];
  /** Figures on the hold-out where it was reached, else on the selection data; `role` says which. */
  baseline: (ModelFigures & { role: DataRole }) | null;
  optimized: (ModelFigures & { role: DataRole }) | null;
  candidates: CandidateLine[];
  chosen: string | null;
  /** The chosen candidate on the untouched hold-out; null where it was not reached. */
  holdout?: CandidateLine | null;
  /** What each sustains at the service level; null where it was not measured. */
  loadTests?: { baseline: LoadTest | null; optimized: LoadTest | null };
  /** Null where the specification says nothing of traffic and prices, or no rate held. */
  cost?: ServingCost | null;
  search?: SearchSpent | null;
  /** What could not be quantized, where it was looked for. */
  sensitivity?: Sensitivity | null;
  /** Why the search for it came to nothing. */
  sensitivityProblem?: SearchProblem | null;
  /** Quantization-aware training, where it was proposed. */
  training?: Training | null;
  rollout: {
    verdict: Verdict;
    reason: string;
    finalWeight: number;
    stages: StageResult[];
    /** At the gates before single stages. */
    decisions?: Decision[];
    toZero?: TimeToZero | undefined;
  } | null;
  /** Every time that the candidate was taken out of the traffic; absent in older documents. */
  trips?: TimeToZero[];
  support?: SupportResult | null;
  waivers: { gate: string; by: string; comment: string; second?: { by: string; comment: string } }[];
  host: HostFingerprint | null;
  /** What the verdicts were measured against, from the specification. */
  quality?: Pick<Spec['quality'], 'marginPoints' | 'sliceMarginPoints' | 'confidence'> &
    Partial<Pick<Spec['quality'], 'metric' | 'evaluator'>>;
  /** The service level that was agreed, from the specification; absent in older documents. */
  serving?: { sloPercentile: number; sloMs: number };
  /** Time limits of a rollout stage, from the specification. */
  holds?: { minimumMs: number; maximumMs: number };
  /** Versions of what made the candidates. */
  toolkitVersions?: Record<string, string>;
  /** The deployment guide; null where nothing was released, absent in older documents. */
  guide?: ArtifactRef | null;
  /** The files behind the figures; absent in older documents. */
  evidence?: EvidenceFile[];
  /** Paths in the artifact store's data directory. */
  report: string;
  journal: string;
}

interface ClassRegression {
  id: string;
  label: string;
  candidate: string;
  baselineMargin: number;
}

export interface CandidateLine {
  id: string;
  phase: Phase;
  /** What the accuracy figures were measured on. */
  role?: DataRole;
  scheme: Scheme;
  verdict: Verdict;
  reason: string;
  checks: Check[];
  sizeRatio: number | null;
  sizeBytes: number | null;
  accuracy: number | null;
  accuracyDrop: number | null;
  accuracyDropUpper: number | null;
  macroF1: number | null;
  speedup: number | null;
  speedupInterval: [number, number] | null;
  noiseInterval: [number, number] | null;
  integerCoverage: number | null;
  flips: number | null;
  slices: SliceFigures[];
  hardExamples?: SliceFigures[] | undefined;
  mcnemarP?: number | undefined;
  /** With class names. */
  regressions?: (ClassRegression | ScoreRegression)[] | undefined;
}

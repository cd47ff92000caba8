import type { ArtifactRef } from './artifact.ts';
import type { SessionOptions } from './measurement.ts';
import type { RouterConfig } from './router.ts';
import type { Verdict } from './verdict.ts';

/** What the gateway needs to serve one model on two arms; a change of any of it is another rollout. */
export interface RouteConfig {
  /** Name under which clients call: `/v2/models/<model>/infer`. */
  model: string;
  /** Id of the rollout workflow, so that evidence is never mixed between rollouts. */
  rollout: string;
  twin: ArtifactRef;
  candidate: ArtifactRef;
  options: SessionOptions;
  /** Seed of the assignment hash. */
  seed: number;
  /** Request header that names the unit of assignment; without it the request id is the unit. */
  unitHeader: string;
  /** Share of requests, 0 to 1, that run on both arms for comparison; the client gets its own arm's answer. */
  shadowSample: number;
  /** Class names in the order of the logits; feedback may name a class or its index. */
  labels: string[];
  judge: JudgeConfig;
  /** Arms that a server elsewhere runs, in place of a host of the gateway's own. */
  remotes?: { twin?: RemoteArm | undefined; candidate?: RemoteArm | undefined } | undefined;
  /** Without a comparison for so long nothing is promoted, whatever was proven before. */
  silenceMs?: number;
  /** A router in front of the arms that follows the weight; without one the gateway itself is the router. */
  router?: RouterConfig | undefined;
}

/** A model that another server of the Open Inference Protocol v2 runs. */
export interface RemoteArm {
  /** Up to, and without, `/v2`. */
  url: string;
  model: string;
}

/** Fixed before the first observation; see docs/statistics.md. Shares are fractions, not points. */
export interface JudgeConfig {
  /** Largest acceptable drop of accuracy against the twin. */
  margin: number;
  /** A drop of accuracy proven to be above this is harm; default half the margin (docs/statistics.md says why). */
  harmMargin?: number;
  /** Disagreement of the arms' top-1 above this is harm even without labels. */
  disagreementBudget: number;
  /** Share of the candidate's own requests that may fail. */
  errorBudget: number;
  /** Chance that a harmless candidate is ever rolled back; split over the guardrails. */
  alphaRollback: number;
  /** Chance that a candidate at the margin is ever promoted; split over the two ways of proof. */
  alphaPromote: number;
  /** Bets of `labelled-worse`, as fractions of the largest; absent in older rollouts, which keep to all twelve. */
  harmBets?: number[];
  /** Absent in rollouts from before these were tested: their verdicts keep to the first three alarms. */
  guardrails?: GuardrailConfig;
}

interface GuardrailConfig {
  /** Share of answers beyond the twin's own tail by which the candidate may exceed the twin. */
  slowMargin: number;
  /** What the twin's tail is multiplied by, where a slower candidate is accepted for its size; 1 where absent. */
  slowdown?: number;
  /** Share of wrong answers known from before; any value is valid, a good one makes the unpaired test stronger. */
  wrongRate: number;
  /** Accuracy drop by the twin's own probabilities above which the candidate is worse; needs a calibrated twin. */
  twinDropMargin: number;
}

/** Outcomes of units that chance assigned, one of each kind per unit and stage. */
export interface ArmOutcomes {
  units: number;
  answered: number;
  slow: number;
  labelled: number;
  wrong: number;
}

/** From which time on an answer is slow, and how many of the twin's were; fixed before a stage begins. */
export interface Tail {
  ms: number;
  rate: number;
}

/** A quantile of answers between its bounds; `highMs` is null while they are too few to tell. */
export interface Quantile {
  ms: number;
  lowMs: number;
  highMs: number | null;
}

/** The p95 of `n` answers, and two more that older versions did not keep. */
export interface TimeQuantile extends Quantile {
  n: number;
  p50?: Quantile;
  p99?: Quantile;
}

export interface ArmTimes {
  twin?: TimeQuantile | undefined;
  candidate?: TimeQuantile | undefined;
  /** Sends FP32's clients past the gateway, which times what passes through it. */
  router?: RouterConfig['kind'];
}

/** Units with the same chance of going to the candidate; without a tail nothing is known of their times. */
export interface Stratum {
  share: number;
  tail: Tail | null;
  candidate: ArmOutcomes;
  twin: ArmOutcomes;
}

/** Sufficient statistics of every test; the verdict is a function of these and the configuration alone. */
export interface EvidenceCounts {
  /** Rows answered by both arms; a request with a batch of rows gives as many pairs. */
  pairs: number;
  /** Pairs with a different top-1. */
  disagreements: number;
  /** Labelled pairs: candidate wrong and twin right. */
  plus: number;
  /** Labelled pairs: twin wrong and candidate right. */
  minus: number;
  /** Labelled pairs: both right or both wrong. */
  zero: number;
  /** Requests given to the candidate, served or shadowed, that either arm could answer. */
  candidateRequests: number;
  /** Of these, failed, timed out or answered with no classification, while the twin answered. */
  candidateErrors: number;
  /** Of units that chance assigned, for the tests without pairs. */
  strata?: Stratum[];
  /** Disagreements by what the twin's probabilities say was lost, in bins of equal width over (0, 1]. */
  twinDrops?: number[];
  /** The twin against itself in the shadow stage: what threads and batches alone change. No test rests on it. */
  floor?: NoiseFloor;
}

/** Rows that the twin answered twice, and those of them that got another top-1 the second time. */
interface NoiseFloor {
  pairs: number;
  disagreements: number;
}

/** The counts that are single numbers. */
export type CountName = Exclude<keyof EvidenceCounts, 'strata' | 'twinDrops' | 'floor'>;

/** How many of these have a true label. */
export interface Coverage {
  of: number;
  labelled: number;
}

/** Labels should reach both arms alike: where they do not, whoever gives them sees the arm. */
export interface LabelCoverage {
  pairs: Coverage;
  /** First answers to units that chance assigned to the arm. */
  twin: Coverage;
  candidate: Coverage;
}

export type RolloutAction = 'promote' | 'hold' | 'rollback';

/** Natural logs of the e-values with the bound each must reach (`ln(1/alpha)` of its share). */
export interface EvidenceLine {
  name:
    | 'disagreement-alarm'
    | 'labelled-worse'
    | 'error-rate'
    | 'unpaired-worse'
    | 'slower'
    | 'sample-ratio'
    | 'twin-estimated-drop'
    | 'disagreement-certificate'
    | 'labelled-noninferior';
  action: 'promote' | 'rollback';
  lnE: number;
  bound: number;
  /** What the test rests on: pairs, labelled pairs, requests or units. Absent in evidence of older versions. */
  seen?: number;
  /** As many more are expected until the bound at the rates seen so far; null where it will not be reached. */
  expectedMore?: number | null;
}

export interface RolloutJudgement {
  action: RolloutAction;
  reason: string;
  evidence: EvidenceLine[];
  /** Pairs still expected until promotion at the rates seen so far; null when they point the other way. */
  expectedMorePairs: number | null;
}

/** How an arm's host process is doing; `down` is restarted with back-off. */
export interface ArmStatus {
  state: 'starting' | 'ready' | 'down' | 'closed';
  pid: number | null;
  restarts: number;
  lastError: string | null;
}

export interface Trip {
  at: string;
  reason: string;
  /** `gateway` when it tripped itself, else who asked for it. */
  by?: string;
  counts: EvidenceCounts;
}

/** Client requests answered by each arm; `replayed` are those of the twin that the candidate could not answer. */
export interface ServedCounts {
  twin: number;
  candidate: number;
  replayed: number;
}

/** What `GET /control/models/:model` answers. */
export interface RouteStatus {
  model: string;
  rollout: string;
  configSha256: string;
  /** Candidate's share of client traffic in basis points, 0 to 10,000, as the router uses it now. */
  weight: number;
  /** Name of the stage the weight was set for, such as `shadow` or `25%`. */
  stage: string;
  trip: Trip | null;
  counts: EvidenceCounts;
  /** The counts since the weight was last set. */
  stageCounts: EvidenceCounts;
  /** Client requests answered by each arm since the route was opened, and in this stage. */
  served: ServedCounts;
  stageServed: ServedCounts;
  judgement: RolloutJudgement;
  /** Whether no request was compared for longer than the configuration allows. */
  silent?: boolean;
  /** Comparisons given up because the queue was full, or the other arm was down or late. */
  shadowShed?: number;
  /** How long clients waited for each arm in this stage. */
  times?: ArmTimes;
  /** Absent in answers of older gateways. */
  labelCoverage?: LabelCoverage;
  /** Share of requests that run on both arms now. */
  sample?: number;
  /** How often each arm answered each class, on compared requests. */
  classes?: { twin: number[]; candidate: number[] };
  arms?: { twin: ArmStatus; candidate: ArmStatus };
  router?: RouterStatus | undefined;
}

/** The router in front of the arms as it was last read. */
export interface RouterStatus {
  kind: RouterConfig['kind'];
  /** Confirmed by reading it back; null while it is not the one that is wanted. */
  weight: number | null;
  /** Since when; absent in answers of older gateways. */
  confirmedAt?: string | null;
  lastError: string | null;
}

/** What the router answered when the candidate was out of the traffic. */
export interface TakenOut {
  weight: number;
  /** When its evidence, or an order, took the candidate out; absent where no such model is served. */
  trippedAt?: string;
  /** When the router in front of the arms was read back at 0; the trip where the gateway is the router. */
  zeroAt?: string;
  /** When this answer came. */
  readAt?: string;
  evidence?: EvidenceLine[];
  times?: ArmTimes | undefined;
}

/** What one look at a running stage found. */
export interface StageLook {
  result?: StageResult | undefined;
  counts: EvidenceCounts;
  /** Whether harmlessness is proven, with the pairs that a stage needs. */
  proven: boolean;
  reason: string;
  expectedMorePairs: number | null;
  /** Every test with what it rests on; absent in looks of older versions. */
  evidence?: EvidenceLine[];
  /** How long clients waited for each arm in this stage; absent in looks of older versions. */
  times?: ArmTimes | undefined;
}

/** One stage as the report and the closing document show it. */
export interface StageResult {
  /** Percent of client traffic; 0 is the shadow stage. */
  weight: number;
  observations: number;
  servedByCandidate: number;
  verdict: Verdict;
  reason: string;
  counts: EvidenceCounts;
  evidence: EvidenceLine[];
  startedAt: string;
  endedAt: string;
  /** How long clients waited for each arm in this stage; absent in results of older versions. */
  times?: ArmTimes | undefined;
  /** A person ended the hold early: who and why, and whether the evidence allowed it. */
  promoted?: { by: string; comment: string; proven: boolean };
}

import type { ArtifactRef } from './artifact.ts';
import type { Decision } from './decision.ts';

/** Steps were timed with one thread and with all, and the faster was taken. */
interface TrainingThreads {
  used: number;
  /** By the number of threads. */
  secondsPerStep: Record<string, number>;
}

/** What training will take, extrapolated from a few steps that were timed on the host that will do it. */
export interface TrainingEstimate {
  trainRows: number;
  steps: number;
  timedSteps: number;
  secondsPerStep: number;
  secondsPerEvaluation: number;
  expectedSeconds: number;
  /** Absent in older records. */
  threads?: TrainingThreads;
}

/** A finished training: FP32 weights that bear the rounding. */
export interface TrainingRecord {
  key: string;
  model: ArtifactRef;
  trainRows: number;
  steps: number;
  bestStep: number;
  stoppedEarly: boolean;
  /** On the selection rows under the exporter's rounding; the first point is the model before training. */
  curve: { step: number; accuracy: number; loss: number }[];
  /** Of the attempt that finished it; absent in older records. */
  threads?: TrainingThreads;
  /** Of the attempt that finished it; what a killed worker had done before is not in it. */
  durationMs: number;
}

/** Quantization-aware training as it was proposed, decided and done. */
export interface Training {
  /** The post-training candidate whose recipe it starts from. */
  from: string;
  estimate?: TrainingEstimate;
  decision?: Decision;
  record?: TrainingRecord;
  /** Why it could not be proposed or carried out. */
  problem?: string;
}

const lasting = (seconds: number) =>
  seconds < 5_400 ? `${(seconds / 60).toFixed(1)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
const withThreads = (threads: TrainingThreads | undefined) =>
  threads ? ` on ${threads.used} of ${Math.max(...Object.keys(threads.secondsPerStep).map(Number))} threads` : '';
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

export function describeEstimate({ trainRows, steps, timedSteps, threads, ...seconds }: TrainingEstimate): string {
  return (
    `${lasting(seconds.expectedSeconds)} of this host at most: ${steps} steps on the ${trainRows} train rows, ` +
    `${seconds.secondsPerStep.toFixed(2)} s each as ${timedSteps} timed steps took${withThreads(threads)}, and evaluations of ` +
    `${seconds.secondsPerEvaluation.toFixed(1)} s`
  );
}

export function describeTraining({ from, estimate, decision, record, problem }: Training): string {
  if (record) {
    const [before, best] = [record.curve[0]!, record.curve.find(({ step }) => step === record.bestStep)!];
    return (
      `quantization-aware training from ${from}: ${percent(before.accuracy)} before, ${percent(best.accuracy)} after ` +
      `${record.bestStep} of ${record.steps} steps${record.stoppedEarly ? ' (ended early)' : ''}, ` +
      `${lasting(record.durationMs / 1000)}${withThreads(record.threads)}`
    );
  }
  if (problem) return `quantization-aware training was not possible: ${problem}`;
  if (decision && decision.outcome !== 'approved')
    return `quantization-aware training was proposed and not approved (${decision.outcome} by ${decision.by}: ${decision.comment})`;
  return `quantization-aware training of ${from} was proposed${estimate ? `: ${describeEstimate(estimate)}` : ''}`;
}

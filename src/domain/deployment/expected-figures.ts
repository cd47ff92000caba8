import type { EngagementState } from '../engagement.ts';
import { describeFaults, type LoadTest } from '../load/load-test.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import { isScored, type Measure, measureOf, nameOf, titled } from '../tasks.ts';

/** `share` of 1, a `coefficient` as it is, `points` also of 1 but told in percentage points, `bytes`, `milliseconds`, `perSecond`, `ratio`. */
export type Unit = 'share' | 'coefficient' | 'points' | 'ratio' | 'milliseconds' | 'perSecond' | 'bytes';

/** A figure that a server on the same host should come to. */
export interface ExpectedFigure {
  name: string;
  unit: Unit;
  /** Null where it was measured and nothing was shown. */
  value: number | null;
  /** Null on a side that is open. */
  interval: [number | null, number | null] | null;
  /** What it rests on, and what its interval is. */
  basis: string;
  /** Ids in the list of evidence. */
  evidence: string[];
  /** Why it does not count. */
  invalid?: string;
}

const CONFIDENCE = 0.95;

const BASIS: Record<Measure, string> = {
  share: 'rows of the hold-out; 95 % score interval (Wilson)',
  mean: 'rows of the hold-out; mean of their scores, from 0 to 1',
  fidelity: 'rows of the hold-out; mean over them, held against FP32’s vectors',
  correlation: 'pairs of the hold-out',
};

/** Of the chosen candidate, from its trial, the hold-out and the load test. */
export function expectedFigures({ spec, holdout, loadTests }: EngagementState): ExpectedFigure[] {
  const { id, figures, trial } = holdout!.candidate;
  const { rows, accuracy, macroF1, accuracyDrop, accuracyDropUpper, speedup, speedupInterval } = figures!;
  const { latency, memoryBytes, quantized } = trial!;
  const { confidence, marginPoints } = spec.quality;
  const metric = nameOf(spec.quality);
  const measure = measureOf(spec.quality);
  const interval = isScored(spec.quality)
    ? null
    : wilsonInterval({ successes: Math.round(accuracy * rows), of: rows, confidence: CONFIDENCE });
  const proven = { evidence: ['holdout'] };
  const timed = { unit: 'milliseconds' as const, interval: null, evidence: [`latency-${id}`] };
  const alone = 'single requests one at a time, without transport';
  return [
    {
      name: titled(metric),
      unit: measure === 'correlation' || measure === 'fidelity' ? 'coefficient' : 'share',
      value: accuracy,
      interval,
      basis: `${rows} ${BASIS[measure]}`,
      ...proven,
    },
    {
      name: `${titled(metric)} drop against FP32`,
      unit: 'points',
      value: accuracyDrop,
      interval: [null, accuracyDropUpper],
      basis: `the same rows; upper bound (${isScored(spec.quality) ? 'BCa bootstrap' : 'Tango'}) at ${100 * confidence} %, margin ${marginPoints} points`,
      ...proven,
    },
    ...(macroF1 === undefined
      ? []
      : [
          {
            name: 'Macro F1',
            unit: 'share' as const,
            value: macroF1,
            interval: null,
            basis: 'the same rows',
            ...proven,
          },
        ]),
    { name: 'Latency p50', value: latency.candidate.p50Ms, basis: alone, ...timed },
    { name: 'Latency p95', value: latency.candidate.p95Ms, basis: alone, ...timed },
    { name: 'Latency p99', value: latency.candidate.p99Ms, basis: alone, ...timed },
    {
      name: 'Speed-up over FP32',
      unit: 'ratio',
      value: speedup,
      interval: speedupInterval,
      basis: 'in turns with FP32 on the same rows; 95 % interval',
      evidence: timed.evidence,
    },
    ...(loadTests?.chosen ? underLoad(loadTests.chosen) : []),
    {
      name: 'Peak memory',
      unit: 'bytes',
      value: memoryBytes,
      interval: null,
      basis: 'one session, less an empty process',
      evidence: ['trial'],
    },
    {
      name: 'Size of the file',
      unit: 'bytes',
      value: quantized.sizeBytes,
      interval: null,
      basis: 'the file itself',
      evidence: ['file-model'],
    },
  ];
}

function underLoad(test: LoadTest): ExpectedFigure[] {
  const { level, replicas, ratePerSecond, exceededPerSecond, probes, cpuMsPerQuery, peakBytes, faults } = test;
  const common = {
    evidence: ['load-chosen'],
    ...(faults.length > 0 && { invalid: describeFaults(faults) }),
  };
  const served = `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
  return [
    {
      name: 'Largest rate at the service level',
      unit: 'perSecond',
      value: ratePerSecond,
      interval: [ratePerSecond, exceededPerSecond],
      basis: `p${100 * level.percentile} within ${level.limitMs} ms, ${served}, ${probes.length} probes; from the rate that held with 95 % confidence to the one that did not`,
      ...common,
    },
    {
      name: 'CPU per request under load',
      unit: 'milliseconds',
      value: cpuMsPerQuery,
      interval: null,
      basis: served,
      ...common,
    },
    {
      name: 'Peak memory under load',
      unit: 'bytes',
      value: peakBytes,
      interval: null,
      basis: replicas === 1 ? served : `${served} together`,
      ...common,
    },
  ];
}

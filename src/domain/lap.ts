import { type LatencyRounds, summarizeLatency } from './latency.ts';
import { compareOutcomes, type OutcomesInput } from './metrics.ts';
import type { SourcedRange } from './published.ts';
import { tangoInterval } from './statistics/tango.ts';

/** A quick run of the model in INT8 beside FP32: what an assessment can measure in minutes. */
export interface Lap {
  speedup: SourcedRange;
  /** The baseline against itself: a speed-up inside of it is none. */
  noise: [number, number];
  accuracyLossPoints: SourcedRange;
  /** Share of the rows that both answer alike. */
  agreement: number;
  /** Bytes in INT8 over bytes in FP32. */
  sizeRatio: number;
}

const CONFIDENCE = 0.95;

/** Every figure of a lap with its 95 % interval, from what was measured on `host`. */
export function lapOf(measured: {
  rounds: LatencyRounds;
  outcomes: OutcomesInput;
  sizeRatio: number;
  host: string;
}): Lap {
  const { rounds: timed, outcomes, sizeRatio, host } = measured;
  const { speedupInterval, noiseInterval } = summarizeLatency(timed);
  const { rows, lost, won, agreement } = compareOutcomes(outcomes);
  const loss = tangoInterval({ b: lost, c: won, n: rows, confidence: CONFIDENCE });
  return {
    speedup: {
      lower: speedupInterval[0],
      upper: speedupInterval[1],
      basis: 'measured',
      source: `INT8 dynamic against FP32 in ${timed.baseline.length} interleaved rounds, 95 %, on ${host}`,
    },
    noise: noiseInterval,
    accuracyLossPoints: {
      lower: 100 * loss.lower,
      upper: 100 * loss.upper,
      basis: 'measured',
      source: `${rows} rows, ${lost} lost and ${won} won, 95 %`,
    },
    agreement,
    sizeRatio,
  };
}

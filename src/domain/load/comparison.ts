import { requireSamples } from '../statistics/arguments.ts';
import { studentQuantile } from '../statistics/student.ts';

/** One latency a block and arm, such as its median, milliseconds; index i of each is the same arrivals. */
export interface LatencyBlocks {
  baseline: number[];
  /** The baseline again, in a process of its own (A/A). */
  twin: number[];
  candidate: number[];
}

export interface Ratio {
  /** Above 1 the second is faster. */
  estimate: number;
  /** 95 %, two-sided. */
  interval: [number, number];
}

export interface LoadComparison {
  /** baseline / candidate. */
  speedup: Ratio;
  /** baseline / twin: what this host makes of no difference at all. */
  noise: Ratio;
  /** Whether the speed-up lies above 1 and above all that noise makes; else it is none. */
  isFaster: boolean;
}

const LEAST_BLOCKS = 6;

/** At least 6 blocks of equal arrivals, all latencies above 0; else a RangeError that names the arm. */
export function compareBlocks({ baseline, twin, candidate }: LatencyBlocks): LoadComparison {
  const speedup = ratioOf({ baseline, candidate });
  const noise = ratioOf({ baseline, candidate: twin });
  return { speedup, noise, isFaster: speedup.interval[0] > Math.max(1, noise.interval[1]) };
}

/** Geometric mean of the blocks' ratios with Student's interval of their logarithms. */
export function ratioOf({ baseline, candidate }: { baseline: number[]; candidate: number[] }): Ratio {
  for (const [arm, latencies] of Object.entries({ baseline, candidate })) {
    requireSamples(arm, latencies, LEAST_BLOCKS);
    const bad = latencies.findIndex((latency) => latency <= 0);
    if (bad >= 0) throw new RangeError(`${arm}[${bad}] must be above 0, not ${latencies[bad]}`);
  }
  if (baseline.length !== candidate.length)
    throw new RangeError(`candidate has ${candidate.length} blocks and baseline has ${baseline.length}`);
  const n = baseline.length;
  const logs = baseline.map((latency, i) => Math.log(latency / candidate[i]!));
  const mean = logs.reduce((sum, log) => sum + log, 0) / n;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile({ p: 0.975, degrees: n - 1 }) * Math.sqrt(variance / n);
  return { estimate: Math.exp(mean), interval: [Math.exp(mean - half), Math.exp(mean + half)] };
}

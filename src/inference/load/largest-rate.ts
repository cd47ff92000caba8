import { poissonSchedule } from '../../domain/load/arrivals.ts';
import { type AccuracyAudit, auditAccuracy } from '../../domain/load/audits.ts';
import { harnessFaults } from '../../domain/load/harness.ts';
import {
  type Probe,
  type RateSearchLimits,
  type RateSearchResult,
  type ServiceLevel,
  searchLargestRate,
} from '../../domain/load/rate-search.ts';
import { latenciesOf } from '../../domain/load/verdict.ts';
import type { GpuUsage } from '../../domain/measurement.ts';
import { seededRandom } from '../../domain/statistics/random.ts';
import { type LoadRun, type LoadTarget, runLoad } from './run.ts';

export interface LargestRateInput extends RateSearchLimits {
  target: LoadTarget;
  /** Rows of the data set to draw from, with replacement. */
  rows: number;
  level: ServiceLevel;
  replicas?: number;
  firstQueries: number;
  maximumQueries: number;
  seed: number;
  /** Answers without load by row; a random part of every run is held against them. */
  expected?: ArrayLike<number>;
  tolerance?: number | undefined;
  /** Where a search that was cut off stood. */
  resume?: RateCheckpoint;
  onProbe?: (checkpoint: RateCheckpoint) => void;
  /** Called before the queries of a probe are sent. */
  onRun?: (run: { ratePerSecond: number; queries: number }) => void;
  signal?: AbortSignal;
}

/** Finished probes and what all their runs together came to: all that a search needs to go on. */
export interface RateCheckpoint {
  probes: readonly Probe[];
  usage: RateUsage;
}

interface RateUsage {
  queries: number;
  /** CPU of the sessions. */
  cpuMs: number;
  peakBytes: number;
  accuracy: AccuracyAudit;
  /** Of the last run. */
  gpu: GpuUsage | null;
  /** Why no figure of this search counts; empty when the harness was not the limit. */
  faults: string[];
}

export interface LargestRate extends RateSearchResult, RateUsage {}

const ATTEMPTS = 3; // a busy neighbour passes; a harness at its limit stays
const AUDITED = 100; // answers of each run
const UNUSED: RateUsage = {
  queries: 0,
  cpuMs: 0,
  peakBytes: 0,
  accuracy: { checked: 0, differing: [] },
  gpu: null,
  faults: [],
};

/** The largest rate of Poisson arrivals at which a target on this host keeps the service level. */
export async function largestRate(input: LargestRateInput): Promise<LargestRate> {
  const { target, rows, level, replicas, seed, signal, expected, tolerance, resume, onProbe, onRun } = input;
  let usage = resume?.usage ?? UNUSED;
  const play = async (run: { ratePerSecond: number; queries: number; seed: number }) => {
    onRun?.(run);
    const random = seededRandom(seed + run.seed);
    const load = {
      target,
      replicas,
      signal,
      limitMs: level.limitMs,
      scenario: 'server' as const,
      rows: Int32Array.from({ length: run.queries }, () => random.below(rows)),
      scheduledMs: poissonSchedule({ ...run, seed: random.below(2 ** 31) }),
    };
    const { played, found } = await undisturbed(() => runLoad(load));
    const { answers } = played;
    const asked = { rows: load.rows, answers, tolerance, checks: AUDITED, seed: run.seed };
    const audit = expected && auditAccuracy({ ...asked, expected });
    usage = used(usage, played, found, audit);
    return latenciesOf(played.log);
  };
  const result = await searchLargestRate({
    ...input,
    play,
    probes: resume?.probes,
    onProbe: (probes) => onProbe?.({ probes, usage }),
  });
  return { ...result, ...usage };
}

function used(before: RateUsage, run: LoadRun, found: string[], audit?: AccuracyAudit): RateUsage {
  const union = <T>(a: T[], b: T[] = []) => [...new Set([...a, ...b])];
  const queries = run.answers.length;
  return {
    queries: before.queries + queries,
    cpuMs: before.cpuMs + run.cpuMsPerQuery * queries,
    peakBytes: Math.max(before.peakBytes, run.peakBytes),
    accuracy: {
      checked: before.accuracy.checked + (audit?.checked ?? 0),
      differing: union(before.accuracy.differing, audit?.differing),
    },
    gpu: run.gpu,
    faults: union(before.faults, found),
  };
}

/** Repeats a run that the host disturbed; the last one stands, with what is wrong with it. */
async function undisturbed(play: () => Promise<LoadRun>): Promise<{ played: LoadRun; found: string[] }> {
  for (let attempt = 1; ; attempt++) {
    const played = await play();
    const found = harnessFaults(played.harness);
    if (found.length === 0 || attempt === ATTEMPTS) return { played, found };
  }
}

import { queriesNeeded } from '../statistics/early-stopping.ts';
import { type EffectiveSample, effectiveSample } from '../statistics/effective-sample.ts';
import { normalQuantile } from '../statistics/normal.ts';

/** One-sided, of every probe. */
const CONFIDENCE = 0.95;
/** A share is judged once this many latencies above the limit would be expected among the effective ones. */
const EXPECTED_OVER = 5;
/** So many times the allowed share above the limit needs no more queries. */
const HOPELESS = 5;
const FACTOR = 1.5;
const RUNS_PER_PROBE = 100; // keeps the seeds of two probes apart

export interface ServiceLevel {
  /** As a share: 0.99. */
  percentile: number;
  limitMs: number;
}

export interface Probe {
  ratePerSecond: number;
  sample: EffectiveSample;
  verdict: ProbeVerdict;
}

/** `undecided`: as many queries as allowed could not tell; the search goes down, as if the rate were too high. */
type ProbeVerdict = 'holds' | 'exceeds' | 'undecided';

/**
 * Whether the service level holds at a rate: LoadGen's early stopping must pass, and the share above the limit must lie
 * below the allowed one with 95 % confidence, the queries counted as what they are worth. Undefined asks for more
 * queries; with `isLast` there are no more. At least 20 latencies, in the order of arrival.
 */
export function judgeProbe(
  latenciesMs: ArrayLike<number>,
  level: ServiceLevel,
  isLast: boolean
): Omit<Probe, 'ratePerSecond'> | undefined {
  const sample = effectiveSample({ latenciesMs, limitMs: level.limitMs });
  const allowed = 1 - level.percentile;
  const share = sample.over / sample.queries;
  const z = (share - allowed) / Math.sqrt((allowed * (1 - allowed) * sample.correlation) / sample.queries);
  const isEnough = isLast || sample.effectiveQueries * allowed >= EXPECTED_OVER;
  const passesEarlyStopping = sample.queries >= queriesNeeded({ percentile: level.percentile, over: sample.over });
  const bound = normalQuantile(CONFIDENCE);
  if (isEnough && z < -bound && passesEarlyStopping) return { sample, verdict: 'holds' };
  if ((isEnough && z > bound) || share > HOPELESS * allowed) return { sample, verdict: 'exceeds' };
  return isLast ? { sample, verdict: 'undecided' } : undefined;
}

export interface RateSearchLimits {
  /** First rate to try, queries a second. */
  startPerSecond: number;
  /** Ends when the rates that held and did not are this close, as a ratio: 1.01. */
  resolution: number;
  maximumProbes: number;
}

/** The rate to probe next, queries a second; null when the search is over. Depends on the probes alone. */
export function nextRate(probes: readonly Probe[], limits: RateSearchLimits): number | null {
  const { startPerSecond, resolution, maximumProbes } = limits;
  if (!(startPerSecond > 0)) throw new RangeError(`startPerSecond must be above 0, not ${startPerSecond}`);
  if (!(resolution > 1)) throw new RangeError(`resolution must be above 1, not ${resolution}`);
  if (probes.length === 0) return startPerSecond;
  if (probes.length >= maximumProbes) return null;
  const { held, refused } = bracketOf(probes);
  if (held === null) return refused! / FACTOR;
  if (refused === null) return held * FACTOR;
  return refused / held <= resolution ? null : Math.sqrt(held * refused);
}

export interface RateSearchInput extends RateSearchLimits {
  level: ServiceLevel;
  /** Queries of a probe's first run; every further run doubles what the probe has. */
  firstQueries: number;
  /** A probe that cannot tell after so many is undecided. */
  maximumQueries: number;
  /** Latencies of one run, in the order of arrival, milliseconds. The same seed must give the same schedule. */
  play(run: { ratePerSecond: number; queries: number; seed: number }): Promise<ArrayLike<number>>;
  /** Finished probes of a search that was cut off; it goes on after them. */
  probes?: readonly Probe[];
  /** Told every finished probe, all of them so far: the checkpoint. */
  onProbe?(probes: readonly Probe[]): void;
}

export interface RateSearchResult {
  /** Largest rate that held: a lower confidence bound of the sustained rate. Null when none did. */
  ratePerSecond: number | null;
  /** Smallest rate that was shown to be too high; null when none was. */
  exceededPerSecond: number | null;
  probes: readonly Probe[];
}

/** Searches the largest rate at a service level: steps by 1.5 towards a bracket, then bisects it. */
export async function searchLargestRate(input: RateSearchInput): Promise<RateSearchResult> {
  const probes = [...(input.probes ?? [])];
  for (let rate = nextRate(probes, input); rate !== null; rate = nextRate(probes, input)) {
    probes.push({ ratePerSecond: rate, ...(await probeRate(input, rate, probes.length)) });
    input.onProbe?.([...probes]);
  }
  const exceeded = probes.filter(({ verdict }) => verdict === 'exceeds').map(({ ratePerSecond }) => ratePerSecond);
  return {
    ratePerSecond: bracketOf(probes).held,
    exceededPerSecond: exceeded.length ? Math.min(...exceeded) : null,
    probes,
  };
}

async function probeRate(
  { play, level, firstQueries, maximumQueries }: RateSearchInput,
  ratePerSecond: number,
  index: number
): Promise<Omit<Probe, 'ratePerSecond'>> {
  const latenciesMs: number[] = [];
  for (let run = 0; ; run++) {
    const wanted = Math.min(Math.max(firstQueries, 2 * latenciesMs.length), maximumQueries);
    const seed = index * RUNS_PER_PROBE + run;
    const played = await play({ ratePerSecond, queries: wanted - latenciesMs.length, seed });
    for (let i = 0; i < played.length; i++) latenciesMs.push(played[i]!);
    const judged = judgeProbe(latenciesMs, level, latenciesMs.length >= maximumQueries);
    if (judged) return judged;
  }
}

/** A rate that held above one that did not tells of noise; the lower one counts. */
function bracketOf(probes: readonly Probe[]): { held: number | null; refused: number | null } {
  const rates = (isHeld: boolean) =>
    probes.filter(({ verdict }) => (verdict === 'holds') === isHeld).map(({ ratePerSecond }) => ratePerSecond);
  const refused = rates(false).length ? Math.min(...rates(false)) : null;
  const held = rates(true).filter((rate) => refused === null || rate < refused);
  return { held: held.length ? Math.max(...held) : null, refused };
}

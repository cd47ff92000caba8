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

export interface RateSearchResult {
  /** Largest rate that held: a lower confidence bound of the sustained rate. Null when none did. */
  ratePerSecond: number | null;
  /** Smallest rate that was shown to be too high; null when none was. */
  exceededPerSecond: number | null;
  queries: number;
}

export function rateSearchResult(probes: readonly Probe[]): RateSearchResult {
  const exceeded = probes.filter(({ verdict }) => verdict === 'exceeds').map(({ ratePerSecond }) => ratePerSecond);
  return {
    ratePerSecond: bracketOf(probes).held,
    exceededPerSecond: exceeded.length ? Math.min(...exceeded) : null,
    queries: probes.reduce((total, { sample }) => total + sample.queries, 0),
  };
}

/** A rate that held above one that did not tells of noise; the lower one counts. */
function bracketOf(probes: readonly Probe[]): { held: number | null; refused: number | null } {
  const rates = (isHeld: boolean) =>
    probes.filter(({ verdict }) => (verdict === 'holds') === isHeld).map(({ ratePerSecond }) => ratePerSecond);
  const refused = rates(false).length ? Math.min(...rates(false)) : null;
  const held = rates(true).filter((rate) => refused === null || rate < refused);
  return { held: held.length ? Math.max(...held) : null, refused };
}

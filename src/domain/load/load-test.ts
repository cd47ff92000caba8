import type { GpuUsage, HostFingerprint, SessionOptions } from '../measurement.ts';
import type { AccuracyAudit, CachingAudit } from './audits.ts';
import type { RateSearchResult, ServiceLevel } from './rate-search.ts';

/** So many replicas side by side on the host. */
export interface Packing {
  replicas: number;
  /** Of all replicas together; null when no rate held, or when it was not measured. */
  ratePerSecond: number | null;
  /** Measured, or foretold from fewer replicas where there is a `reason` not to measure. */
  peakBytes: number;
  reason: string | null;
}

/** What one model on one host sustains at the service level, with both audits; recorded once, whole. */
export interface LoadTest extends RateSearchResult {
  key: string;
  modelSha256: string;
  level: ServiceLevel;
  /** With which the rate was found; the best of `packings`. */
  replicas: number;
  /** Every number of replicas that was asked for. Absent in older engagements. */
  packings?: Packing[];
  queries: number;
  cpuMsPerQuery: number;
  /** Of all replicas together. */
  peakBytes: number;
  /** Null where nvidia-smi does not answer. */
  gpu: GpuUsage | null;
  audits: { accuracy: AccuracyAudit; caching: CachingAudit };
  /** Why the rate does not count; empty when it does. */
  faults: string[];
  /** Probes taken over from an attempt that was cut off. */
  resumedAfter: number;
  host: HostFingerprint;
  options: SessionOptions;
  durationMs: number;
}

/** One line for people: the rate, what it rests on, and whether it counts. */
export function describeLoadTest(test: RateSearchResult & Pick<LoadTest, 'level' | 'queries' | 'faults'>): string {
  const { level, ratePerSecond, exceededPerSecond, probes, queries, faults } = test;
  const at = `p${100 * level.percentile} within ${level.limitMs} ms`;
  const beyond = exceededPerSecond === null ? '' : `, ${exceededPerSecond.toFixed(1)} is too many`;
  const held =
    ratePerSecond === null
      ? `no rate was shown to hold ${at}`
      : `${ratePerSecond.toFixed(1)} requests per second hold ${at} with 95 % confidence${beyond}`;
  const basis = ` (${probes.length} probes, ${queries} queries)`;
  return faults.length === 0 ? held + basis : `INVALID: ${describeFaults(faults)}. Measured: ${held}${basis}`;
}

const FIGURE = /\d+(?:\.\d+)?/;

/** Each reason once: those that differ only in a figure become one, with the least and the largest of it. */
export function describeFaults(faults: readonly string[]): string {
  const alike = Map.groupBy(faults, (fault) => fault.split(FIGURE).join('#'));
  return [...alike.values()].map(asOne).join('; ');
}

function asOne(alike: string[]): string {
  if (alike.length === 1) return alike[0]!;
  const figures = alike.map((fault) => FIGURE.exec(fault)?.[0] ?? '').sort((a, b) => Number(a) - Number(b));
  const range = `${figures[0]} to ${figures.at(-1)}`;
  return `${alike[0]!.replace(FIGURE, range)} (${alike.length} runs of the probes)`;
}

/** The packing that sustains most; the fewest replicas among equals. */
export function bestPacking<T extends { ratePerSecond: number | null }>(packed: readonly T[]): T {
  return packed.reduce((best, next) => ((next.ratePerSecond ?? 0) > (best.ratePerSecond ?? 0) ? next : best));
}

/** Why so many replicas are not started, when what fewer took foretells that they do not fit. */
export function refusePacking(input: {
  replicas: number;
  measured: Pick<Packing, 'replicas' | 'peakBytes'> | undefined;
  availableBytes: number;
}): Packing | undefined {
  const { replicas, measured, availableBytes } = input;
  if (!measured) return undefined;
  const peakBytes = (measured.peakBytes / measured.replicas) * replicas;
  if (peakBytes <= availableBytes) return undefined;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const reason = `would need ${megabytes(peakBytes)} of ${megabytes(availableBytes)}`;
  return { replicas, ratePerSecond: null, peakBytes, reason };
}

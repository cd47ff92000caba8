import type { GpuUsage, HostFingerprint, SessionOptions } from '../measurement.ts';
import type { AccuracyAudit, CachingAudit } from './audits.ts';
import type { RateSearchResult, ServiceLevel } from './rate-search.ts';

/** What one model on one host sustains at the service level, with both audits; recorded once, whole. */
export interface LoadTest extends RateSearchResult {
  key: string;
  modelSha256: string;
  level: ServiceLevel;
  replicas: number;
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
export function describeLoadTest(test: LoadTest): string {
  const { level, ratePerSecond, exceededPerSecond, probes, queries, faults } = test;
  const at = `p${100 * level.percentile} within ${level.limitMs} ms`;
  const beyond = exceededPerSecond === null ? '' : `, ${exceededPerSecond.toFixed(1)} is too many`;
  const held =
    ratePerSecond === null
      ? `no rate was shown to hold ${at}`
      : `${ratePerSecond.toFixed(1)} requests per second hold ${at} with 95 % confidence${beyond}`;
  const basis = ` (${probes.length} probes, ${queries} queries)`;
  return faults.length === 0 ? held + basis : `INVALID: ${faults.join('; ')}. Measured: ${held}${basis}`;
}

import type { BarChart, BarRow } from './bar-chart.ts';
import type { CandidateResult, ClosingDocument } from './engagement.ts';
import type { LatencyPercentiles } from './measurement.ts';
import type { Spec } from './spec.ts';
import { type Guard, shareOfBound, type Week } from './support.ts';
import { nameOf, titled } from './tasks.ts';
import type { ArmTimes, EvidenceLine, Quantile, StageResult } from './traffic.ts';

/** Charts of what messages tell; undefined where there is nothing to draw. */
const chart = (caption: string, limit: BarChart['limit'], rows: BarRow[]): BarChart | undefined =>
  rows.length > 0 ? { caption, limit, rows } : undefined;

/** Single-request latencies against the service level. */
export function latencyChart(
  latency: LatencyPercentiles,
  { sloPercentile, sloMs }: Spec['serving']
): BarChart | undefined {
  const rows = ([50, 95, 99] as const).map((percentile): BarRow => {
    const ms = latency[`p${percentile}Ms` as const];
    const tone = percentile === sloPercentile && ms > sloMs ? 'bad' : 'plain';
    return { name: `p${percentile}`, from: 0, to: ms, shown: `${ms.toFixed(1)} ms`, tone };
  });
  return chart('Latency of FP32', { value: sloMs, name: `service level: p${sloPercentile} within ${sloMs} ms` }, rows);
}

/** From the measured drop of each candidate to its upper bound, against the margin; percentage points. */
export function dropChart(
  candidates: Pick<CandidateResult, 'id' | 'verdict' | 'figures'>[],
  quality: Pick<Spec['quality'], 'metric' | 'evaluator' | 'marginPoints'>
): BarChart | undefined {
  const rows = candidates.flatMap(({ id, verdict, figures }): BarRow[] => {
    if (figures?.accuracyDropUpper === undefined) return [];
    const [drop, upper] = [100 * figures.accuracyDrop, 100 * figures.accuracyDropUpper];
    const tone = verdict === 'successful' ? 'good' : verdict === 'inconclusive' ? 'plain' : 'bad';
    const shown = `${drop.toFixed(2)}, at most ${upper.toFixed(2)}: ${verdict}`;
    return [{ name: id, from: Math.min(drop, upper), to: upper, shown, tone }];
  });
  return chart(
    `${titled(nameOf(quality))} lost against FP32, points`,
    { value: quality.marginPoints, name: `margin: ${quality.marginPoints}` },
    rows
  );
}

/** Figures as shares of FP32's; less is better. */
function sharesOfFp32(figures: [name: string, before: number, after: number][]): BarChart | undefined {
  const rows = figures.map(([name, before, after]): BarRow => {
    const share = after / before;
    return { name, from: 0, to: share, shown: `${(100 * share).toFixed(0)} %`, tone: share <= 1 ? 'good' : 'bad' };
  });
  return chart(
    'As a share of FP32’s',
    { value: 1, name: 'FP32' },
    rows.filter(({ to }) => Number.isFinite(to))
  );
}

const latencies = (before: LatencyPercentiles, after: LatencyPercentiles): [string, number, number][] => [
  ['Latency p50', before.p50Ms, after.p50Ms],
  ['Latency p95', before.p95Ms, after.p95Ms],
  ['Latency p99', before.p99Ms, after.p99Ms],
];

/** Of a measured candidate. */
export function candidateChart({ figures, trial }: Pick<CandidateResult, 'figures' | 'trial'>): BarChart | undefined {
  if (!figures || !trial?.latency) return undefined;
  const { baseline, candidate } = trial.latency;
  return sharesOfFp32([['Size', 1, figures.sizeRatio], ...latencies(baseline, candidate)]);
}

/** Before and after, where an optimized model was chosen. */
export function comparisonChart({ baseline, optimized }: ClosingDocument): BarChart | undefined {
  if (!baseline || !optimized) return undefined;
  return sharesOfFp32([
    ['Size', baseline.sizeBytes, optimized.sizeBytes],
    ...latencies(baseline.latency, optimized.latency),
    ['Peak memory', baseline.memoryBytes, optimized.memoryBytes],
  ]);
}

/** Each test's evidence at the end of the last stage, as a share of the bound that decides. */
export const stageChart = (stages: StageResult[]): BarChart | undefined => evidenceChart(stages.at(-1)?.evidence ?? []);

export function evidenceChart(lines: EvidenceLine[]): BarChart | undefined {
  return chart(
    'Evidence, as a share of its bound',
    { value: 1, name: 'bound: reached, it decides' },
    lines.map(evidenceRow)
  );
}

function evidenceRow({ name, action, lnE, bound }: EvidenceLine): BarRow {
  const share = Math.max(0, lnE / bound);
  const tone = share < 1 ? 'plain' : action === 'promote' ? 'good' : 'bad';
  return { name: `${name} (${action})`, from: 0, to: share, shown: `${(100 * share).toFixed(0)} %`, tone };
}

/** The p95 of each arm against FP32's; against the service level where FP32 was not timed. */
export function p95Chart(
  times: ArmTimes | undefined,
  { sloPercentile, sloMs }: Pick<Spec['serving'], 'sloPercentile' | 'sloMs'>
): BarChart | undefined {
  const { twin, candidate } = times ?? {};
  const row = (name: string, { ms, lowMs, highMs }: Quantile, isBad: boolean): BarRow => {
    const bounds = highMs === null ? `above ${lowMs.toFixed(2)}` : `${lowMs.toFixed(2)} to ${highMs.toFixed(2)}`;
    return { name, from: 0, to: ms, shown: `${ms.toFixed(2)} ms (${bounds})`, tone: isBad ? 'bad' : 'plain' };
  };
  const slowest = twin
    ? (twin.highMs ?? Number.POSITIVE_INFINITY)
    : sloPercentile >= 95
      ? sloMs
      : Number.POSITIVE_INFINITY;
  const limit = twin
    ? { value: twin.ms, name: 'FP32’s' }
    : { value: sloMs, name: `service level: p${sloPercentile} within ${sloMs} ms` };
  return chart('p95 of how long clients waited, with its bounds', limit, [
    ...(twin ? [row('FP32', twin, false)] : []),
    ...(candidate ? [row('candidate', candidate, candidate.lowMs > slowest)] : []),
  ]);
}

/** Each detector of a support window. */
export function weekChart({ evidence }: Pick<Week, 'evidence'>): BarChart | undefined {
  const rows = (Object.entries(evidence) as [Guard, number][]).map(([name, share]): BarRow => {
    return { name, from: 0, to: share, shown: shareOfBound(share), tone: share >= 1 ? 'bad' : 'plain' };
  });
  return chart('Detectors, as a share of their bound', { value: 1, name: 'bound: an alarm' }, rows);
}

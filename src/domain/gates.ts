import { check, passOr, percent, points } from './check.ts';
import { type CorrelationsOfRows, correlationDropUpper } from './correlations.ts';
import { dataChecks } from './data-checks.ts';
import type { Preparation, QualityFigures, SliceFigures } from './engagement.ts';
import type { LoadTest } from './load/load-test.ts';
import type { Coverage, LatencyComparison, LatencyPercentiles } from './measurement.ts';
import type { PairedCountsOfRows } from './metrics.ts';
import { type ScoresOfRows, scoreDropUpper } from './scores.ts';
import type { QualitySpec, Spec } from './spec.ts';
import { tangoUpperBound } from './statistics/tango.ts';
import { isScored, measureOf, metricText, mostLost, nameOf } from './tasks.ts';
import type { Check, Verdict } from './verdict.ts';

const MEGABYTE = 1e6;

/** Is today's model healthy, and can the data at hand certify the margin? */
export function baselineChecks(
  { quality, calibration }: Spec,
  { data }: Preparation,
  figures: QualityFigures,
  latency: LatencyPercentiles
): Check[] {
  return [
    healthCheck(quality, data.selection!.classes, figures, latency),
    ...dataChecks({ quality, calibration }, { data }, figures.scoreSpread),
  ];
}

function healthCheck(
  quality: QualitySpec,
  classes: Record<string, number>,
  { accuracy, macroF1, rows }: QualityFigures,
  { p99Ms }: LatencyPercentiles
): Check {
  const found = `FP32 has ${metricText(quality, accuracy)} ${nameOf(quality)} on ${rows} rows`;
  const tail = `p99 ${p99Ms.toFixed(1)} ms`;
  if (measureOf(quality) === 'fidelity')
    return check(
      'healthy',
      'successful',
      `FP32's answers to ${rows} rows are what candidates are held against, ${tail}`
    );
  if (isScored(quality))
    return check(
      'healthy',
      passOr(accuracy > 0, 'failed'),
      `${found}${accuracy > 0 ? '' : ': model, rows or what scores them are wrong'}, ${tail}`
    );
  const largestClass = Math.max(...Object.values(classes)) / rows;
  return check(
    'healthy',
    passOr(accuracy > largestClass, 'failed'),
    `${found} (always naming the largest class: ${percent(largestClass)}), macro F1 ${macroF1!.toFixed(3)}, ${tail}`
  );
}

/** Under load a model must answer what it answered without. */
export function loadAuditCheck({ audits: { accuracy } }: LoadTest): Check {
  const { checked, differing } = accuracy;
  return check(
    'answers-under-load',
    passOr(differing.length === 0, 'failed'),
    differing.length === 0
      ? `${checked} answers under load equal those without load`
      : `${differing.length} rows were answered otherwise under load, such as row ${differing[0]}`
  );
}

/** Rows under both models, by right and wrong answers or by scores. */
type Compared = PairedCountsOfRows | ScoresOfRows | CorrelationsOfRows;
type ComparedSlice = Compared & { name: string };

/** The metric overall and per slice: what both the selection data and the hold-out are asked. */
export function qualityChecks(
  quality: QualitySpec,
  outcomes: Compared & { slices: ComparedSlice[] }
): { checks: Check[]; slices: SliceFigures[] } {
  const margin = quality.marginPoints / 100;
  const upper = dropUpper(quality, outcomes);
  const drop = outcomes.accuracyBaseline - outcomes.accuracyCandidate;
  const slices = sliceFigures(quality, outcomes);
  const { units, lost, won } = wordsFor(outcomes);
  const overall = check(
    'differences' in outcomes ? 'score' : 'accuracy',
    dropVerdict(upper, drop, margin),
    `${nameOf(quality)} drop ${points(drop)}, at most ${points(upper)} with ${percent(quality.confidence)} confidence, ` +
      `margin ${points(margin)} (${outcomes.lost} ${units} ${lost}, ${outcomes.won} ${won} of ${outcomes.rows})`
  );
  return { checks: [overall, ...slices.map((slice) => sliceCheck(quality, slice))], slices };
}

function wordsFor(outcomes: Compared) {
  if ('similarities' in outcomes) return { units: 'pairs', lost: 'farther from their place', won: 'nearer' };
  if ('differences' in outcomes) return { units: 'rows', lost: 'scored lower', won: 'higher' };
  return { units: 'rows', lost: 'lost', won: 'won' };
}

/** One-sided upper bound of the metric's drop: Tango's of a proportion, the bootstrap's of a score or a correlation. */
export function dropUpper(quality: QualitySpec, compared: Compared): number {
  const { confidence } = quality;
  if ('similarities' in compared) return correlationDropUpper(compared, confidence);
  if ('differences' in compared) return scoreDropUpper(compared, confidence, mostLost(quality));
  const { lost, won, rows } = compared;
  return tangoUpperBound({ b: lost, c: won, n: rows, confidence });
}

/** Not proven within the margin: a point estimate beyond it is a failure, one inside it needs more rows. */
function dropVerdict(upper: number, drop: number, margin: number): Verdict {
  if (upper < margin) return 'successful';
  return drop >= margin ? 'failed' : 'inconclusive';
}

/** Each slice against the slices' margin. */
export function sliceFigures(quality: QualitySpec, { slices }: { slices: ComparedSlice[] }): SliceFigures[] {
  return slices.map((slice) => figuresOfSlice(quality, slice));
}

function figuresOfSlice(quality: QualitySpec, slice: ComparedSlice): SliceFigures {
  const { name, rows, accuracyBaseline, accuracyCandidate } = slice;
  const upper = dropUpper(quality, slice);
  const verdict =
    rows < quality.minimumSliceRows
      ? 'inconclusive'
      : dropVerdict(upper, accuracyBaseline - accuracyCandidate, quality.sliceMarginPoints / 100);
  return { name, rows, accuracyBaseline, accuracyCandidate, dropUpper: upper, verdict };
}

function sliceCheck(
  quality: QualitySpec,
  { name, rows, accuracyBaseline, accuracyCandidate, dropUpper, verdict }: SliceFigures
): Check {
  const tooFew = rows < quality.minimumSliceRows ? `; fewer than ${quality.minimumSliceRows} rows decide nothing` : '';
  return check(
    `slice ${name}`,
    verdict,
    `${name}: drop ${points(accuracyBaseline - accuracyCandidate)}, at most ${points(dropUpper)}, ` +
      `margin ${quality.sliceMarginPoints.toFixed(2)} points, ${rows} rows${tooFew}`
  );
}

export interface Efficiency {
  scheme: string;
  sizeBytes: { baseline: number; candidate: number };
  /** Null where it was not measured. */
  latency: Pick<LatencyComparison, 'speedup' | 'speedupInterval' | 'noiseInterval'> | null;
  coverage: Coverage;
}

/** A device without float: nothing may be kept in FP32 either. */
export const takesNoFloat = ({ minimumIntegerCoverage }: QualitySpec): boolean => minimumIntegerCoverage === 1;

/** Smaller, faster beyond the host's noise, and really run by integer kernels where the scheme is an integer one. */
export function efficiencyChecks(quality: QualitySpec, { scheme, sizeBytes, latency, coverage }: Efficiency): Check[] {
  const checks = [sizeCheck(quality, sizeBytes)];
  if (latency) checks.push(speedCheck(quality, latency));
  if (!scheme.startsWith('int')) return checks;
  const { share, integer, float, kept = 0 } = coverage;
  const keepsTooMuch = takesNoFloat(quality) && kept > 0;
  const covered = share >= quality.minimumIntegerCoverage && !keepsTooMuch;
  const counts =
    `${integer} of ${integer + float} nodes with weights run on integer kernels` +
    (keepsTooMuch ? `; the recipe keeps ${kept} more in FP32, and the device takes none` : '');
  return [...checks, check('integer-coverage', passOr(covered, 'failed'), counts)];
}

function sizeCheck({ maximumSizeMb }: QualitySpec, { baseline, candidate }: Efficiency['sizeBytes']): Check {
  const ratio = `${(candidate / baseline).toFixed(3)} of FP32's size`;
  if (maximumSizeMb === undefined) return check('size', passOr(candidate < baseline, 'failed'), ratio);
  const fits = candidate < baseline && candidate <= maximumSizeMb * MEGABYTE;
  const room = `${(candidate / MEGABYTE).toFixed(2)} MB, ${fits ? 'within' : 'more than'} the ${maximumSizeMb} MB there are`;
  return check('size', passOr(fits, 'failed'), `${room}; ${ratio}`);
}

/** Without `minimumSpeedup`, faster than FP32; with one below 1, a loss of speed is accepted and said. */
function speedCheck(
  { minimumSpeedup = 1 }: QualitySpec,
  { speedup, speedupInterval, noiseInterval }: NonNullable<Efficiency['latency']>
): Check {
  const isFaster = speedupInterval[0] > Math.max(1, noiseInterval[1]);
  const holds = speedupInterval[0] > minimumSpeedup && (minimumSpeedup < 1 || isFaster);
  const asked = minimumSpeedup === 1 ? '' : `; ${minimumSpeedup}x was asked`;
  const interval = (values: readonly number[]) => `[${values.map((value) => value.toFixed(3)).join(', ')}]`;
  return check(
    'speed',
    passOr(holds, 'failed'),
    `${speedup.toFixed(2)}x ${interval(speedupInterval)}${isFaster ? '' : ' is not faster than FP32 beyond the noise'}${asked}, ` +
      `A/A noise ${interval(noiseInterval)}`
  );
}

/** The service-level objective on single requests. */
export function sloCheck({ sloPercentile, sloMs }: Spec['serving'], latency: LatencyPercentiles): Check {
  const measured = { 50: latency.p50Ms, 95: latency.p95Ms, 99: latency.p99Ms }[sloPercentile];
  return check(
    'slo',
    passOr(measured <= sloMs, 'failed'),
    `p${sloPercentile} ${measured.toFixed(1)} ms, bound ${sloMs} ms`
  );
}

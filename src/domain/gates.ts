import type { DataRole, PreparedData } from './artifact.ts';
import type { Preparation, QualityFigures, SliceFigures } from './engagement.ts';
import type { LoadTest } from './load/load-test.ts';
import type { Coverage, LatencyComparison, LatencyPercentiles } from './measurement.ts';
import type { PairedOutcomes, SliceOutcome } from './metrics.ts';
import type { QualitySpec, Spec } from './spec.ts';
import { certifiableMargin, rowsToCertify } from './statistics/certification.ts';
import { tangoUpperBound } from './statistics/tango.ts';
import type { Check, Verdict } from './verdict.ts';

/** Prepared rows, wherever they lie. */
type Rows = Omit<PreparedData, 'arrow'>;

const CALIBRATION_ROWS = { least: 1_000, most: 5_000 };

/** A class with this share of the rows is one that calibration must have seen. */
const FREQUENT = 0.01;
/** Rows of one class only came to 1.75 times the halves' divergence on newswire, a fair sample to 1.1 times. */
const LARGEST_DISTANCE = 1.4;
const MEGABYTE = 1e6;

const points = (share: number) => `${(100 * share).toFixed(2)} points`;
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const check = (name: string, verdict: Verdict, reason: string): Check => ({ name, verdict, reason });
const passOr = (holds: boolean, otherwise: Verdict): Verdict => (holds ? 'successful' : otherwise);

/** Is today's model healthy, and can the data at hand certify the margin? */
export function baselineChecks(
  { quality, calibration }: Spec,
  { data }: Preparation,
  figures: QualityFigures,
  latency: LatencyPercentiles
): Check[] {
  const selection = data.selection!;
  const largestClass = Math.max(...Object.values(selection.classes)) / selection.rows;
  return [
    check(
      'healthy',
      passOr(figures.accuracy > largestClass, 'failed'),
      `FP32 has ${percent(figures.accuracy)} accuracy on ${figures.rows} rows (always naming the largest class: ` +
        `${percent(largestClass)}), macro F1 ${figures.macroF1.toFixed(3)}, p99 ${latency.p99Ms.toFixed(1)} ms`
    ),
    ...dataChecks({ quality, calibration }, { data }),
  ];
}

/** What the rows alone decide of it. */
export function dataChecks(
  { quality, calibration }: Pick<Spec, 'quality' | 'calibration'>,
  { data }: { data: Partial<Record<DataRole, Rows>> }
): Check[] {
  return [
    calibrationCheck(data.calibration!, calibration.rows),
    ...coverageChecks(data.calibration!, data.selection!),
    powerCheck(quality, data.holdout!),
  ];
}

function calibrationCheck({ rows }: Pick<PreparedData, 'rows'>, asked: number): Check {
  const used = Math.min(rows, asked);
  const enough = used >= CALIBRATION_ROWS.least;
  const advice = `${CALIBRATION_ROWS.least} to ${CALIBRATION_ROWS.most} diverse rows are advised`;
  return check(
    'calibration-size',
    passOr(enough, 'inconclusive'),
    enough
      ? `${used} calibration rows`
      : `only ${used} calibration rows: ${advice}; add rows, or waive this with a reason`
  );
}

/** Are the calibration rows like the rows that the model will see? A person may waive what is not. */
function coverageChecks({ classes, lengths, distance }: Rows, selection: Rows): Check[] {
  const missing = Object.entries(selection.classes)
    .filter(([name, rows]) => rows >= FREQUENT * selection.rows && !classes[name])
    .map(([name]) => name);
  const checks = [
    check(
      'calibration-classes',
      passOr(missing.length === 0, 'inconclusive'),
      missing.length === 0
        ? `every class with ${percent(FREQUENT)} of the selection rows has calibration rows`
        : `no calibration row of ${missing.join(', ')}: add some, or waive this with a reason`
    ),
  ];
  if (lengths && selection.lengths)
    checks.push(
      check(
        'calibration-lengths',
        passOr(lengths.max >= selection.lengths.p99, 'inconclusive'),
        `the longest calibration row has ${lengths.max} tokens, 99 % of the selection rows have at most ${selection.lengths.p99}` +
          (lengths.max >= selection.lengths.p99 ? '' : ': add long rows, or waive this with a reason')
      )
    );
  if (distance) checks.push(distanceCheck(distance));
  return checks;
}

function distanceCheck({ tokens, within }: NonNullable<PreparedData['distance']>): Check {
  const near = tokens <= LARGEST_DISTANCE * within;
  return check(
    'calibration-distance',
    passOr(near, 'inconclusive'),
    `token frequencies of calibration and production diverge by ${tokens.toFixed(3)} bits, two halves of production by ` +
      `${within.toFixed(3)}${near ? '' : ': take calibration rows from production, or waive this with a reason'}`
  );
}

const designOf = ({ expectedDiscordancePoints, confidence, power }: QualitySpec) => ({
  discordance: expectedDiscordancePoints / 100,
  alpha: 1 - confidence,
  power,
});

/** The smallest margin, in points, that so many rows can certify. */
export const certifiablePoints = (quality: QualitySpec, rows: number): number =>
  100 * certifiableMargin({ ...designOf(quality), n: rows });

function powerCheck(quality: QualitySpec, { rows }: Pick<PreparedData, 'rows'>): Check {
  const margin = quality.marginPoints / 100;
  const needed = rowsToCertify({ ...designOf(quality), margin });
  const smallest = points(certifiablePoints(quality, rows) / 100);
  return check(
    'power',
    passOr(rows >= needed, 'inconclusive'),
    `${rows} hold-out rows can certify a margin of ${smallest} at ${quality.expectedDiscordancePoints} % discordance; ` +
      `${points(margin)} needs ${needed} rows`
  );
}

/** Under load a model must answer what it answered in the accuracy run. */
export function loadAuditCheck({ audits: { accuracy } }: LoadTest): Check {
  const { checked, differing } = accuracy;
  return check(
    'answers-under-load',
    passOr(differing.length === 0, 'failed'),
    differing.length === 0
      ? `${checked} answers under load equal those of the accuracy run`
      : `${differing.length} rows were answered otherwise under load, such as row ${differing[0]}`
  );
}

/** Accuracy overall and per slice: what both the selection data and the hold-out are asked. */
export function qualityChecks(
  quality: QualitySpec,
  outcomes: PairedOutcomes
): { checks: Check[]; slices: SliceFigures[] } {
  const margin = quality.marginPoints / 100;
  const upper = dropUpper(quality, outcomes);
  const drop = outcomes.accuracyBaseline - outcomes.accuracyCandidate;
  const slices = sliceFigures(quality, outcomes);
  const overall = check(
    'accuracy',
    accuracyVerdict(upper, drop, margin),
    `accuracy drop ${points(drop)}, at most ${points(upper)} with ${percent(quality.confidence)} confidence, ` +
      `margin ${points(margin)} (${outcomes.lost} rows lost, ${outcomes.won} won of ${outcomes.rows})`
  );
  return { checks: [overall, ...slices.map((slice) => sliceCheck(quality, slice))], slices };
}

/** One-sided upper bound of the accuracy drop. */
export function dropUpper(
  quality: QualitySpec,
  { lost, won, rows }: { lost: number; won: number; rows: number }
): number {
  return tangoUpperBound({ b: lost, c: won, n: rows, confidence: quality.confidence });
}

/** Not proven within the margin: a point estimate beyond it is a failure, one inside it needs more rows. */
function accuracyVerdict(upper: number, drop: number, margin: number): Verdict {
  if (upper < margin) return 'successful';
  return drop >= margin ? 'failed' : 'inconclusive';
}

/** Each slice against the slices' margin. */
export function sliceFigures(quality: QualitySpec, { slices }: Pick<PairedOutcomes, 'slices'>): SliceFigures[] {
  return slices.map((slice) => figuresOfSlice(quality, slice));
}

function figuresOfSlice(quality: QualitySpec, slice: SliceOutcome): SliceFigures {
  const { name, rows, accuracyBaseline, accuracyCandidate } = slice;
  const upper = dropUpper(quality, slice);
  const verdict =
    rows < quality.minimumSliceRows
      ? 'inconclusive'
      : accuracyVerdict(upper, accuracyBaseline - accuracyCandidate, quality.sliceMarginPoints / 100);
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

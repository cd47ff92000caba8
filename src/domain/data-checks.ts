import type { DataRole, PreparedData } from './artifact.ts';
import { check, passOr, percent, points } from './check.ts';
import { LARGEST_SPREAD } from './correlations.ts';
import type { QualitySpec, Spec } from './spec.ts';
import { certifiableMargin, rowsToCertify } from './statistics/certification.ts';
import { certifiableScoreMargin, scoreRowsToCertify } from './statistics/score-certification.ts';
import { isScored, measureOf, mostLost } from './tasks.ts';
import type { Check } from './verdict.ts';

/** Prepared rows, wherever they lie. */
type Rows = Omit<PreparedData, 'arrow'>;

const CALIBRATION_ROWS = { least: 1_000, most: 5_000 };

/** A class with this share of the rows is one that calibration must have seen. */
const FREQUENT = 0.01;
/** Rows of one class only came to 1.75 times the halves' divergence on newswire, a fair sample to 1.1 times. */
const LARGEST_DISTANCE = 1.4;

/** Are the rows such that something can be proven with them? `scoreSpread` is FP32's, once it has been measured. */
export function dataChecks(
  { quality, calibration }: Pick<Spec, 'quality' | 'calibration'>,
  { data }: { data: Partial<Record<DataRole, Rows>> },
  scoreSpread?: number
): Check[] {
  return [
    calibrationCheck(data.calibration!, calibration.rows),
    ...coverageChecks(data.calibration!, data.selection!),
    powerCheck(quality, data.holdout!, scoreSpread),
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
  const checks: Check[] = [];
  if (Object.keys(selection.classes).length > 0)
    checks.push(
      check(
        'calibration-classes',
        passOr(missing.length === 0, 'inconclusive'),
        missing.length === 0
          ? `every class with ${percent(FREQUENT)} of the selection rows has calibration rows`
          : `no calibration row of ${missing.join(', ')}: add some, or waive this with a reason`
      )
    );
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

/** Of scores; the worst that may be where FP32's are not known. */
const scoreDesignOf = (quality: QualitySpec, scoreSpread: number | undefined) => ({
  ...designOf(quality),
  spread: scoreSpread ?? (measureOf(quality) === 'correlation' ? LARGEST_SPREAD : 1),
  most: mostLost(quality),
  onlyLosses: measureOf(quality) === 'fidelity',
});

/** The smallest margin, in points, that so many rows can certify. */
export const certifiablePoints = (quality: QualitySpec, rows: number, scoreSpread?: number): number =>
  100 *
  (isScored(quality)
    ? certifiableScoreMargin({ ...scoreDesignOf(quality, scoreSpread), n: rows })
    : certifiableMargin({ ...designOf(quality), n: rows }));

function powerCheck(quality: QualitySpec, { rows }: Pick<PreparedData, 'rows'>, scoreSpread?: number): Check {
  const margin = quality.marginPoints / 100;
  const needed = isScored(quality)
    ? scoreRowsToCertify({ ...scoreDesignOf(quality, scoreSpread), margin })
    : rowsToCertify({ ...designOf(quality), margin });
  const smallest = points(certifiablePoints(quality, rows, scoreSpread) / 100);
  return check(
    'power',
    passOr(rows >= needed, 'inconclusive'),
    `${rows} hold-out rows can certify a margin of ${smallest} at ${quality.expectedDiscordancePoints} % ` +
      `${isScored(quality) ? changed(quality, scoreSpread) : 'discordance'}; ${points(margin)} ` +
      (Number.isFinite(needed)
        ? `needs ${needed} rows`
        : 'is no more than these lose: raise quality.marginPoints, or lower quality.expectedDiscordancePoints to what you expect')
  );
}

function changed(quality: QualitySpec, spread: number | undefined): string {
  const measure = measureOf(quality);
  if (measure === 'correlation') return 'of the pairs in the place of another';
  const size = points(Math.sqrt(spread ?? 1));
  if (measure === 'fidelity') return `of the rows answered with another row's vector, which loses ${size} each`;
  return spread === undefined
    ? 'of the rows changed from 0 to 1 or back, as FP32 is not measured yet'
    : `of the rows changed by ${size}, as FP32's rows differ`;
}

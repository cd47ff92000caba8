import type { DataRole } from '../domain/artifact.ts';
import type { Scheme } from '../domain/recipe.ts';
import type { Verdict } from '../domain/verdict.ts';

export const NOT_MEASURED = 'not measured';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'];
const NUMBERS = new Map<number, Intl.NumberFormat>(); // to make one takes longer than to use it a hundred times

const MEGABYTE = 1e6;
const GIGABYTE = 1e9;

export function decimal(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOT_MEASURED;
  return numbers(digits)
    .format(value)
    .replace(/^-(?=[0.,]*$)/, '')
    .replace('-', '−');
}

export const count = (value: number | null | undefined): string => decimal(value, 0);
export const ratio = (value: number | null | undefined): string => suffixed(decimal(value, 2), '×');
export const percent = (share: number | null | undefined, digits = 2): string => suffixed(scaled(share, digits), ' %');
/** A difference of two shares in percentage points. */
export const points = (share: number | null | undefined): string => scaled(share, 2);
export const milliseconds = (value: number | null | undefined): string => suffixed(decimal(value, 2), ' ms');
export const weight = (value: number): string => (value === 0 ? 'shadow' : `${trimmed(value)} %`);

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOT_MEASURED;
  return value >= GIGABYTE ? `${decimal(value / GIGABYTE, 2)} GB` : `${decimal(value / MEGABYTE, 1)} MB`;
}

export function interval(bounds: [number, number] | null | undefined): string {
  return bounds ? `${decimal(bounds[0], 2)} to ${decimal(bounds[1], 2)}` : NOT_MEASURED;
}

/** Without the zeros that a fixed number of digits would add. */
export const trimmed = (value: number): string => decimal(value, 4).replace(/\.?0+$/, '');

export function instant(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day}, ${date.toISOString().slice(11, 19)} UTC`;
}

const UNITS: [string, number][] = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** The two largest units that are not zero, such as `12 min 4 s`. */
export function span(ms: number): string {
  if (!(ms >= 1_000)) return `${count(ms)} ms`;
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(unit === 'day' ? `${whole} day${whole === 1 ? '' : 's'}` : `${whole} ${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

export const SCHEME_NAMES: Record<Scheme, string> = {
  fp16: 'FP16',
  'int8-dynamic': 'INT8 dynamic',
  'int8-qat': 'INT8 quantization-aware training',
  'int8-static': 'INT8 static',
  'int8-weight': 'INT8 weights',
  'int4-weight': 'INT4 weights',
  'int4-qat': 'INT4 weights, quantization-aware training',
  'int2-weight': '2-bit weights',
  'int2-qat': '2-bit weights, quantization-aware training',
};

export const ROLE_NAMES: Record<DataRole, string> = {
  calibration: 'calibration data',
  selection: 'selection data',
  holdout: 'hold-out data',
  production: 'production data',
  train: 'training data',
};

export const VERDICT_MARKS: Record<Verdict, string> = { successful: '✓', failed: '✗', error: '!', inconclusive: '?' };

function numbers(digits: number): Intl.NumberFormat {
  const known = NUMBERS.get(digits);
  if (known) return known;
  const made = new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  NUMBERS.set(digits, made);
  return made;
}

function scaled(share: number | null | undefined, digits: number): string {
  return decimal(share === null || share === undefined ? share : share * 100, digits);
}

function suffixed(text: string, unit: string): string {
  return text === NOT_MEASURED ? text : `${text}${unit}`;
}

import { z } from 'zod';
import { parseCsv } from './csv.ts';
import { nearest } from './nearest.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';

const OLDEST_DAYS = 90;
const DAY_MS = 86_400_000;

const price = z
  .number('give dollars per hour')
  .gt(0, 'give dollars per hour, above 0')
  .max(1000, 'give dollars per hour');
const size = z.number().positive();

const rowSchema = z.strictObject({
  instance: z.string().min(1),
  provider: z.string().min(1),
  region: z.string().min(1),
  /** Null: none. */
  gpu: z.string().nullable(),
  gpuCount: z.number().int().min(0),
  /** Of one GPU, in GB of 1e9 bytes, as it is sold. */
  gpuMemoryGb: size.nullable(),
  vcpus: size.nullable(),
  memoryGib: size.nullable(),
  onDemandUsdPerHour: price,
  reservedUsdPerHour: price.nullable(),
  spotUsdPerHour: price.nullable(),
  source: z.string().min(1, 'say where the price is from'),
  date: z.iso.date('give the day on which the price was taken, such as 2026-11-01'),
});

/** An hour of one instance type in one region; null where the source does not say. */
export type PriceRow = z.output<typeof rowSchema>;

export interface DatedPrice extends PriceRow {
  ageDays: number;
}

const NUMBERS = new Set<string>([
  'gpuCount',
  'gpuMemoryGb',
  'vcpus',
  'memoryGib',
  'onDemandUsdPerHour',
  'reservedUsdPerHour',
  'spotUsdPerHour',
]);

/** The columns of `prices/prices.csv`; an empty field is null. Every problem is reported at once, by row and column. */
export function readPrices(csv: string): { rows: PriceRow[] } | { problems: SpecProblem[] } {
  return checkPrices(
    parseCsv(csv).map((record) =>
      Object.fromEntries(
        Object.entries(record).map(([name, text]) => [
          name,
          text === '' ? null : NUMBERS.has(name) ? numberOf(text) : text,
        ])
      )
    )
  );
}

export function checkPrices(written: unknown[]): { rows: PriceRow[] } | { problems: SpecProblem[] } {
  const document = { prices: written };
  const read = readAs(z.object({ prices: z.array(rowSchema).min(1, 'holds no price') }), document);
  return 'problems' in read ? read : { rows: read.data.prices };
}

/** Age on the day of `now`, and a problem when it is above 90 days and `acceptOld` is not set. */
export function datePrice(
  row: PriceRow,
  { now, acceptOld }: { now: Date; acceptOld: boolean }
): { price: DatedPrice } | { problems: SpecProblem[] } {
  const ageDays = Math.floor((now.getTime() - Date.parse(row.date)) / DAY_MS);
  if (ageDays <= OLDEST_DAYS && ageDays >= -1) return { price: { ...row, ageDays: Math.max(0, ageDays) } };
  if (ageDays > OLDEST_DAYS && acceptOld) return { price: { ...row, ageDays } };
  const message =
    ageDays < 0
      ? 'is in the future; correct the date of the price'
      : `is ${ageDays} days old, over ${OLDEST_DAYS}; give newer prices or accept old ones`;
  return { problems: [{ path: `prices.${row.instance}.date`, value: row.date, message }] };
}

/** Cheapest row of that name, in that region when one is given; else what there is instead. */
export function findPrice(
  rows: PriceRow[],
  { instance, region }: { instance: string; region?: string | undefined }
): { row: PriceRow } | { problems: SpecProblem[] } {
  const named = rows.filter((row) => row.instance.toLowerCase() === instance.toLowerCase());
  const found = named.filter((row) => region === undefined || row.region === region);
  if (found.length > 0) return { row: cheapest(found) };
  const regions = [...new Set(named.map((row) => row.region))].slice(0, 12);
  const names = [...new Set(rows.map((row) => row.instance))];
  const near = nearest(instance, names);
  const meant = near ? `; did you mean ${near}?` : `; it has: ${names.slice(0, 20).join(', ')}`;
  const problem =
    named.length > 0
      ? { path: 'region', value: region, message: `has no price of ${instance}; there are: ${regions.join(', ')}` }
      : { path: 'hardware', value: instance, message: `is not in the price list${meant}` };
  return { problems: [problem] };
}

export const cheapest = (rows: PriceRow[]): PriceRow =>
  rows.reduce((best, row) => (row.onDemandUsdPerHour < best.onDemandUsdPerHour ? row : best));

/** What is not a number stays as it was written, to be named in the problem. */
function numberOf(text: string): number | string {
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

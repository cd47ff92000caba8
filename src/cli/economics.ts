import { readFileSync } from 'node:fs';
import { parseAssessment } from '../domain/assessment-input.ts';
import { datePrice, findPrice } from '../domain/prices.ts';
import type { Economics } from '../domain/serving-cost.ts';
import type { Spec } from '../domain/spec.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { readTraffic } from '../domain/traffic-trace.ts';
import { readPriceFile } from './price-file.ts';
import type { Find } from './spec-places.ts';

/** Traffic and prices as they are now; every problem names its field of the specification. */
export function readEconomics(
  { traffic, hardware, region, prices, acceptOldPrices, ...rest }: NonNullable<Spec['economics']>,
  find: Find
): { economics: Economics } | { problems: SpecProblem[] } {
  const at =
    (note = '') =>
    ({ path, message, ...problem }: SpecProblem): SpecProblem => ({
      path: `economics.${path}`,
      message: message + note,
      ...problem,
    });
  const own = find('economics.prices', prices);
  const trace = find('economics.traffic', traffic);
  if (typeof traffic === 'string' && !trace) return { problems: [] }; // said already
  if (prices !== undefined && !own) return { problems: [] };
  const list = readPriceFile(own, 'prices');
  if ('problems' in list) return { problems: list.problems.map(at()) };
  const row = findPrice(list.rows, { instance: hardware, region });
  if ('problems' in row) return { problems: row.problems.map(at()) };
  const dated = datePrice(row.row, { now: new Date(), acceptOld: acceptOldPrices });
  if ('problems' in dated) return { problems: dated.problems.map(at(' (economics.acceptOldPrices: true)')) };
  const rates = trace === undefined ? traffic : readTraffic(readFileSync(trace, 'utf8'));
  const parsed = parseAssessment({ ...rest, traffic: rates, rate: MEASURED_LATER }, dated.price);
  if ('problems' in parsed) return { problems: parsed.problems.map(at()) };
  return { economics: { input: parsed.input, price: dated.price } };
}

const MEASURED_LATER = 1;

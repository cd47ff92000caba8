import { z } from 'zod';
import { type Return, returnOf } from './cost-comparison.ts';
import { weightBytes } from './large-model.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';

const above = z.number('give a plain number, without a unit or a currency sign').gt(0, 'must be above 0');
const side = {
  precision: z.enum(['fp32', 'fp16', 'int8', 'int4']),
  requestsPerSecond: above,
  latencyMs: above,
  usdPerMonth: above,
};

const caseSchema = z.strictObject({
  assessment: z.string().min(1),
  source: z.string().min(1, 'say who gives these figures'),
  parameters: above,
  baseline: z.strictObject(side),
  candidate: z.strictObject(side),
  feeUsd: above,
});

interface GivenFigure {
  name: string;
  unit: string;
  baseline: number;
  candidate: number;
  basis: 'given' | 'computed from what is given';
}

/** A case whose figures somebody else gives: what follows from them, and nothing measured. */
export interface GivenAssessment {
  basis: 'given';
  name: string;
  source: string;
  figures: GivenFigure[];
  speedup: number;
  feeUsd: number;
  return: Return;
  notes: string[];
}

export function isGivenCase(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'assessment' in document;
}

export function assessGiven(document: unknown): { assessment: GivenAssessment } | { problems: SpecProblem[] } {
  const read = readAs(caseSchema, document);
  if ('problems' in read) return read;
  const { assessment: name, source, parameters, baseline, candidate, feeUsd } = read.data;
  const speedup = candidate.requestsPerSecond / baseline.requestsPerSecond;
  const gigabytes = (precision: typeof baseline.precision) => weightBytes({ parameters }, precision) / 1e9;
  const given = (key: 'requestsPerSecond' | 'latencyMs' | 'usdPerMonth', label: string, unit: string): GivenFigure => ({
    name: label,
    unit,
    baseline: baseline[key],
    candidate: candidate[key],
    basis: 'given',
  });
  const figures: GivenFigure[] = [
    {
      name: `weights of ${parameters / 1e9} billion parameters, ${baseline.precision} to ${candidate.precision}`,
      unit: 'GB',
      baseline: gigabytes(baseline.precision),
      candidate: gigabytes(candidate.precision),
      basis: 'computed from what is given',
    },
    given('requestsPerSecond', 'throughput', 'requests/s'),
    given('latencyMs', 'latency', 'ms'),
    given('usdPerMonth', 'cost', '$/month'),
  ];
  const money = returnOf({ baselineUsd: baseline.usdPerMonth, candidateUsd: candidate.usdPerMonth, feeUsd });
  const notes = [`given by ${source}, not measured`, rateNote(baseline.usdPerMonth, candidate.usdPerMonth, speedup)];
  return { assessment: { basis: 'given', name, source, figures, speedup, feeUsd, return: money, notes } };
}

/** Whether the throughput alone accounts for the cost. */
function rateNote(before: number, after: number, speedup: number): string {
  const byRate = Math.round(before / speedup);
  const rest = Math.round(byRate - after);
  const start = `the throughput alone would bring the cost to $${byRate.toLocaleString('en-US')} a month`;
  if (rest === 0) return `${start}, as given`;
  const size = `$${Math.abs(rest).toLocaleString('en-US')}`;
  return `${start}; ${size} ${rest > 0 ? 'less' : 'more'} is given, which whole or cheaper instances must account for`;
}

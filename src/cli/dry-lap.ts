import type { DataRole } from '../domain/artifact.ts';
import { certifiablePoints, dataChecks } from '../domain/data-checks.ts';
import type { Preparation } from '../domain/engagement.ts';
import { type ExpectedDuration, expectedDuration } from '../domain/expected-duration.ts';
import { expectedSearch } from '../domain/load/expected-search.ts';
import { sessionOptionsOf } from '../domain/spec.ts';
import { orderStatistic } from '../domain/statistics/order-statistic.ts';
import type { Check } from '../domain/verdict.ts';
import { readDataset } from '../inference/dataset.ts';
import { startHost, type TensorDeclaration } from '../inference/host.ts';
import { shuffledRows } from '../inference/latency.ts';
import { durationLines } from '../report/expected-duration.ts';
import { count } from '../report/format.ts';
import { table } from './output.ts';
import { type Prepared, withPrepared } from './prepared.ts';
import type { SpecFile } from './spec-file.ts';

const TIMED = { rows: 32, warmup: 5, seed: 1 };

/** What is known of an engagement before anything is started. */
export interface DryLap {
  engagement: string;
  model: Omit<Preparation['model'], 'inputs' | 'outputs'> & Record<'inputs' | 'outputs', TensorDeclaration[]>;
  data: { role: DataRole; rows: number; classes: number; certifiesPoints: number | null }[];
  /** Those of the baseline gate that the files alone decide. */
  checks: Check[];
  /** Of one row on the model of today, the middle of a few. */
  rowMs: number;
  duration: ExpectedDuration;
}

/** Checks model and data as an engagement would and runs a few rows; nothing of it is kept. Takes seconds to minutes. */
export async function dryLap(file: SpecFile, onProgress?: (line: string) => void): Promise<DryLap> {
  const { spec } = file;
  const play = async ({ model, facts, roles: data, signal }: Prepared): Promise<DryLap> => {
    const options = sessionOptionsOf(spec);
    const timed = await timeRows({ modelPath: model, options, signal }, data.selection.path);
    return {
      engagement: spec.engagement,
      model: { ...facts, inputs: timed.inputs, outputs: timed.outputs },
      data: Object.entries(data).map(([role, { rows, classes }]) => ({
        role: role as DataRole,
        rows,
        classes: Object.keys(classes).length,
        certifiesPoints: ['selection', 'holdout'].includes(role) ? certifiablePoints(spec.quality, rows) : null,
      })),
      checks: dataChecks(spec, { data }),
      rowMs: timed.rowMs,
      duration: expectedDuration(
        spec,
        { selection: data.selection.rows, holdout: data.holdout.rows },
        timed.rowMs,
        await expectedSearch(timed.times, {
          ...spec.loadTest,
          level: { percentile: spec.serving.sloPercentile / 100, limitMs: spec.serving.sloMs },
        })
      ),
    };
  };
  return withPrepared(file, play, onProgress);
}

async function timeRows(how: Parameters<typeof startHost>[0], dataPath: string) {
  const host = await startHost(how);
  try {
    const data = readDataset(dataPath, host.inputs);
    const rows = shuffledRows(data, TIMED.seed);
    const times: number[] = [];
    for (let run = -TIMED.warmup; run < Math.min(TIMED.rows, data.rows); run++) {
      const { elapsedMs } = await host.run(data.feeds(rows[(run + TIMED.warmup) % rows.length]!));
      if (run >= 0) times.push(elapsedMs);
    }
    const { inputs, outputs } = host;
    return { inputs, outputs, times, rowMs: orderStatistic(Float64Array.from(times).sort(), 0.5) };
  } finally {
    await host.close();
  }
}

export function dryLapText({ engagement, model, data, checks, rowMs, duration }: DryLap): string {
  const shapes = (tensors: TensorDeclaration[]) =>
    tensors.map(({ name, type, shape }) => `${name} ${type}[${shape.join(', ')}]`).join('; ');
  const rows = data.map(({ role, rows, classes, certifiesPoints }) => [
    role,
    count(rows),
    classes === 0 ? '' : count(classes),
    certifiesPoints === null ? '' : certifiesPoints.toFixed(2),
  ]);
  return [
    `${engagement}: nothing was started`,
    `model: ${(model.bytes / 1e6).toFixed(1)} MB, ${count(model.parameters)} parameters, opset ${model.opset}`,
    `  takes ${shapes(model.inputs)}`,
    `  gives ${shapes(model.outputs)}`,
    table([['role', 'rows', 'classes', 'certify a margin of, points'], ...rows]),
    ...checks.map(({ verdict, reason }) => `${verdict}: ${reason}`),
    ...durationLines(duration, rowMs),
  ].join('\n');
}

import { join } from 'node:path';
import { createMeasurementActivities } from '../../src/activities/measurement.ts';
import { createVerdictActivities } from '../../src/activities/verdicts.ts';
import { importFiles, readSpecFile } from '../../src/cli/spec-file.ts';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import type { BaselineMeasurement, Trial } from '../../src/domain/measurement.ts';
import { compareLatency } from '../../src/inference/latency.ts';
import { digits, run } from './digits.ts';

/** The activities of an engagement in a folder of its own, which is gone after the file's tests. */
export function workplace(name: string) {
  const { folder, artifacts, shared, tools, made } = digits(name);
  return {
    ...{ folder, artifacts, tools, made, python: shared.python },
    folders: { artifacts: artifacts.folder, journals: join(folder, 'journals') },
    measurement: createMeasurementActivities(shared),
    verdicts: createVerdictActivities(shared),
  };
}

const RECIPE = { toolkit: 'onnxruntime', scheme: 'int8-dynamic' } as const;

/** A specification's model as an engagement carries it: measured, quantized, and answered on both sides. */
export async function carried(
  { artifacts, tools, measurement }: ReturnType<typeof workplace>,
  specPath: string,
  { isTimed = true } = {}
) {
  const file = readSpecFile(specPath);
  const { spec } = file;
  const { engagement } = spec;
  const sources = await importFiles(file, artifacts.folder);
  const preparation = await run(tools.prepareData, { engagement, spec, sources });
  const { calibration, selection } = preparation.data;
  const timed =
    isTimed && (await run(measurement.measureBaseline, { engagement, spec, model: sources.model, selection }));
  const { quantized } = await run(tools.quantizeCandidate, { spec, recipe: RECIPE, sources, calibration, selection });
  const predictions = await run(measurement.predictHoldout, {
    ...{ spec, model: sources.model, candidate: { quantized }, holdout: selection },
  });
  const rounds = await compareLatency({
    baselinePath: artifacts.path(sources.model),
    candidatePath: artifacts.path(quantized.model),
    dataPath: artifacts.path(selection!.arrow),
    ...{ options: { threads: 1 }, rounds: 16, blocks: 8, warmup: 1, seed: 1 },
  });
  const latency = { rounds: await artifacts.putJson(rounds) } as Trial['latency'];
  const answered = { model: sources.model, sizeBytes: sources.model.bytes, predictions: predictions.baseline };
  const costs = {
    latency: { p50Ms: 1, p95Ms: 1, p99Ms: 1 },
    throughput: { perSecond: 1, requests: 1 },
    memoryBytes: 1,
  };
  const baseline = timed || ({ ...answered, ...costs } as BaselineMeasurement);
  const trial = { quantized, latency } as Trial;
  const winner: CandidateResult = {
    ...{ id: 'int8-dynamic', phase: 'ptq', scheme: 'int8-dynamic', recipe: RECIPE, trial },
    ...{ verdict: 'successful', reason: '', checks: [] },
  };
  return { spec, sources, preparation, baseline, trial, predictions, winner };
}

export type Carried = Awaited<ReturnType<typeof carried>>;

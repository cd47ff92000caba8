import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runToolkit } from '../../src/activities/toolkit-process.ts';
import { loadConfig } from '../../src/config.ts';
import type { Coverage } from '../../src/domain/measurement.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { type SensitiveSet, sensitiveSet } from '../../src/domain/search/sensitive-set.ts';
import type { SensitivityGroup } from '../../src/domain/search/sensitivity.ts';
import type { ToolkitName } from '../../src/domain/toolkits.ts';
import { evaluateRows } from '../../src/inference/evaluate.ts';

const options = { threads: 1 };

export interface Subject {
  /** Where everything is written. */
  folder: string;
  model: string;
  /** Rows to calibrate and rank with, and rows to evaluate on. */
  calibration: string;
  selection: string;
  /** FP32's class of every selection row. */
  baseline: ArrayLike<number>;
  recipe: Recipe;
  margin: number;
  /** To rank with; an engagement takes 32. */
  rankingRows: number;
}

/** What the verb `quantize` tells of a candidate. */
export interface Made {
  path: string;
  sizeBytes: number;
  coverage: Coverage;
}

/** One verb of a toolkit, by default of those that share Stepdown's own environment. */
export async function toolkit<T>(
  folder: string,
  verb: string,
  job: object,
  { name = 'onnxruntime', python = loadConfig().python }: { name?: ToolkitName; python?: string } = {}
): Promise<T> {
  await mkdir(folder, { recursive: true });
  return runToolkit<T>({
    python,
    toolkit: name,
    verb,
    job: { ...job, outputFolder: folder },
    signal: new AbortController().signal,
    stderrPath: join(folder, `${verb}.log`),
  });
}

/** The recipe with some nodes in FP32, as a model in a folder and as the verdict on its accuracy. */
async function evaluated(
  { model, calibration, selection, baseline, recipe, margin }: Subject,
  { exclude, folder }: { exclude: string[]; folder: string }
) {
  const job = { model, recipe: { ...recipe, exclude }, calibrationData: calibration };
  const { path } = await toolkit<{ path: string }>(folder, 'quantize', job);
  const verdict = await evaluateRows({ modelPath: path, dataPath: selection, options, baseline, margin, alpha: 0.05 });
  return { path, ...verdict };
}

export interface Searched extends SensitiveSet {
  groups: SensitivityGroup[];
  /** The model with nothing in FP32, which is asked first. */
  wholePath: string;
  /** The model with the excluded groups in FP32; null where no evaluation came to it. */
  mixedPath: string | null;
}

/** The search as the engagement plays it. */
export async function searched(subject: Subject, budget: number): Promise<Searched> {
  const { folder, model, recipe, calibration, rankingRows } = subject;
  const ranking = { model, recipe, data: calibration, calibrationData: calibration, rows: rankingRows };
  const { groups } = await toolkit<{ groups: SensitivityGroup[] }>(folder, 'sensitivity', ranking);
  const nodesOf = (names: string[]) => groups.filter(({ name }) => names.includes(name)).flatMap(({ nodes }) => nodes);
  const search = sensitiveSet(
    groups.map(({ name }) => name),
    budget
  );
  const paths = new Map<string, string>();
  let step = search.next();
  while (!step.done) {
    const names = step.value;
    const to = { exclude: nodesOf(names), folder: join(folder, `evaluation-${paths.size}`) };
    const { path, holds, rows, of } = await evaluated(subject, to);
    paths.set(names.join(), path);
    console.error(`  ${names.length} groups in FP32: ${holds ? 'holds' : 'does not hold'} (${rows} of ${of} rows)`);
    step = search.next(holds);
  }
  const mixedPath = paths.get(step.value.excluded.join()) ?? null;
  return { ...step.value, groups, wholePath: paths.get('')!, mixedPath };
}

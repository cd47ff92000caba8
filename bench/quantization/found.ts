import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareOutcomes } from '../../src/domain/metrics.ts';
import { readDataset } from '../../src/inference/dataset.ts';
import { predict } from '../../src/inference/predict.ts';
import { readPredictions } from '../../src/inference/predictions.ts';
import type { Figure } from '../figure.ts';
import { newswire } from './newswire.ts';
import { type Subject, searched } from './search.ts';

const BUDGET = 12;

/** Static INT8 over every operator of the newswire model, rows filled up to 64 tokens: what breaks it? */
export async function foundFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-found-'));
  try {
    const subject = await subjectOf(
      folder,
      quick ? { calibrationRows: 100, rankingRows: 8 } : { calibrationRows: 1_000, rankingRows: 32 }
    );
    const { excluded, evaluations, wholePath, mixedPath } = await searched(subject, BUDGET);
    if (!mixedPath) throw new Error(`nothing that holds the margin was found in ${evaluations} evaluations`);
    const before = await outcomes(subject, wholePath);
    const after = await outcomes(subject, mixedPath);
    const points = (found: typeof before) => 100 * (found.accuracyBaseline - found.accuracyCandidate);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const collapse = `${percent(before.accuracyCandidate)}, macro F1 ${before.macroF1Candidate.toFixed(2)} of ${before.macroF1Baseline.toFixed(2)}`;
    return [
      {
        name: `newswire, padded, static INT8 of every operator (${collapse}): drop`,
        value: points(before),
        unit: 'points',
        goal: 100 * subject.margin,
        atLeast: true,
        peer: null,
      },
      {
        name: `the same with ${excluded.join(' and ')} in FP32: drop`,
        value: points(after),
        unit: 'points',
        goal: 100 * subject.margin,
        peer: null,
      },
      { name: 'evaluations that found it', value: evaluations, unit: '', goal: BUDGET, peer: null },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function subjectOf(
  folder: string,
  { calibrationRows, rankingRows }: { calibrationRows: number; rankingRows: number }
): Promise<Subject> {
  const { spec, model, roles } = await newswire(folder, 'maximum');
  const outPath = join(folder, 'baseline.arrow');
  const selection = roles.selection.path;
  await predict({ modelPath: model, dataPath: selection, outPath, options: { threads: 1 } });
  return {
    folder,
    model,
    calibration: roles.calibration.path,
    selection,
    baseline: readPredictions(outPath).top1,
    recipe: {
      toolkit: 'onnxruntime',
      scheme: 'int8-static',
      calibration: { role: 'calibration', rows: calibrationRows, method: 'minmax' },
      options: { operators: 'all' },
    },
    margin: spec.quality.marginPoints / 100,
    rankingRows,
  };
}

async function outcomes({ folder, selection, baseline }: Subject, modelPath: string) {
  const outPath = join(folder, 'candidate.arrow');
  await predict({ modelPath, dataPath: selection, outPath, options: { threads: 1 } });
  const { labels } = readDataset(selection, []);
  return compareOutcomes({ labels, baseline, candidate: readPredictions(outPath).top1 });
}

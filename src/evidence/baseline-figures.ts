import type { QualityFigures } from '../domain/engagement.ts';
import { accuracy, macroF1 } from '../domain/metrics.ts';
import { mean, scoreSpread } from '../domain/scores.ts';
import type { QualitySpec } from '../domain/spec.ts';
import { isScored } from '../domain/tasks.ts';
import { readDataset } from '../inference/dataset.ts';
import { readPredictions, readScores } from '../inference/predictions.ts';

/** The metric of one model, from its predictions alone. */
export function figuresFromFiles(
  quality: QualitySpec,
  dataPath: string,
  predictionsPath: string
): Omit<QualityFigures, 'role'> {
  if (isScored(quality)) {
    const { scores } = readScores(predictionsPath);
    return { rows: scores.length, accuracy: mean(scores), scoreSpread: scoreSpread(scores) };
  }
  const { rows, labels } = readDataset(dataPath, []);
  const { top1 } = readPredictions(predictionsPath);
  return { rows, accuracy: accuracy(labels, top1), macroF1: macroF1(labels, top1) };
}

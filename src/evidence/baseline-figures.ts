import type { QualityFigures } from '../domain/engagement.ts';
import { accuracy, macroF1 } from '../domain/metrics.ts';
import type { QualitySpec } from '../domain/spec.ts';
import { isScored } from '../domain/tasks.ts';
import { readDataset } from '../inference/dataset.ts';
import { readPredictions } from '../inference/predictions.ts';
import { scoredFigures } from './judge-scores.ts';

/** The metric of one model, from its predictions alone. */
export function figuresFromFiles(
  quality: QualitySpec,
  dataPath: string,
  predictionsPath: string
): Omit<QualityFigures, 'role'> {
  const data = readDataset(dataPath, []);
  if (isScored(quality)) return scoredFigures(data, predictionsPath, quality);
  const { rows, labels } = data;
  const { top1 } = readPredictions(predictionsPath);
  return { rows, accuracy: accuracy(labels, top1), macroF1: macroF1(labels, top1) };
}

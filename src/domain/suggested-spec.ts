import { PACKAGES, type PackageName } from './packages.ts';
import { type SuggestedTask, usualOf } from './suggested-task.ts';
import { TASKS } from './tasks.ts';

/** What a person knows of a new engagement; paths are relative to the specification, and nothing of it is checked yet. */
export interface Known {
  engagement?: string;
  client?: string;
  package?: string;
  modelName?: string;
  model?: string;
  /** Of the model's outputs. */
  task?: SuggestedTask;
  tokenizer?: string;
  maxLength?: number | string;
  labels?: string | string[];
  data?: Partial<Record<'calibration' | 'selection' | 'holdout' | 'production' | 'train', string>>;
  slices?: { name: string; column: string }[];
  quality?: { marginPoints?: unknown; sliceMarginPoints?: unknown };
  serving?: { sloPercentile?: unknown; sloMs?: unknown; threads?: unknown };
  loadTest?: object;
  economics?: { traffic?: unknown; hardware?: string };
  calibration?: { rows?: unknown; method?: string };
  approver?: { name: string; email: string };
}

/** A specification to begin from: what is known, and what is usual for the rest; empty where only the person can say. */
export function suggestedSpec(known: Known = {}) {
  const { engagement = '', data = {}, slices, loadTest, economics, calibration } = known;
  const { task, settings } = known.task ?? { task: 'text-classification', settings: {} };
  const { metric, columns } = usualOf(task);
  const { namesClasses } = TASKS[task];
  const bought = known.package ?? (namesClasses ? 'professional' : 'express');
  const rollsOut = PACKAGES[bought as PackageName]?.rollsOut ?? true;
  return {
    engagement,
    client: { name: known.client ?? '' },
    package: bought,
    model: {
      name: known.modelName ?? engagement,
      kind: 'onnx',
      path: known.model ?? 'model.onnx',
      task,
      tokenizer: known.tokenizer ?? 'tokenizer.json',
      maxLength: known.maxLength ?? 128,
      ...(namesClasses && { labels: known.labels ?? 'labels.json' }),
      ...settings,
    },
    data: {
      columns,
      calibration: data.calibration ?? 'data/calibration.jsonl',
      selection: data.selection ?? 'data/selection.jsonl',
      holdout: data.holdout ?? 'data/holdout.jsonl',
      production: data.production ?? 'data/production.jsonl',
      ...(data.train && TASKS[task].exports && { train: data.train }),
    },
    ...(slices && { slices }),
    quality: { metric, marginPoints: 1, sliceMarginPoints: 5, ...known.quality },
    serving: { sloPercentile: 99, sloMs: 100, threads: 1, ...known.serving },
    ...(loadTest && { loadTest }),
    ...(economics && { economics }),
    ...(calibration && { calibration }),
    gates: { approvers: [known.approver ?? { name: '', email: '' }] },
    ...(rollsOut &&
      namesClasses && {
        rollout: {
          stages: [1, 5, 25, 50, 100],
          minimumHold: '30 minutes',
          maximumHold: '2 days',
          minimumPairs: 500,
          disagreementPoints: 4,
          errorPoints: 1,
        },
      }),
  };
}

/**
 * How a metric comes about: a `share` of right answers; a `mean` of the rows' scores; the `correlation` of the pairs'
 * similarities with those of people; the `fidelity` of the answers to FP32's.
 */
export type Measure = 'share' | 'mean' | 'correlation' | 'fidelity';

const METRICS = {
  accuracy: 'share',
  f1: 'mean',
  'exact match': 'mean',
  cosine: 'fidelity',
  spearman: 'correlation',
} as const satisfies Record<string, Measure>;
type MetricName = keyof typeof METRICS;

/** What the kinds of model differ in, as data; how rows become tensors is the toolkit's, how answers are read src/inference's. */
export interface Task {
  /** Columns of the data by what they hold, under the names they have unless the specification says otherwise. */
  columns: Record<string, string>;
  /** The first is usual; none where the user's own evaluator is the metric, under any name. */
  metrics: readonly MetricName[];
  /** An answer names a class: what a rollout compares and support watches. */
  namesClasses: boolean;
  /** Rows are text, which slices may divide by its tokens. */
  hasTokens: boolean;
  /** Models of other kinds than ONNX are exported for it, and trained. */
  exports: boolean;
}

export const TASKS = {
  'text-classification': {
    columns: { id: 'id', text: 'text', label: 'label' },
    metrics: ['accuracy'],
    namesClasses: true,
    hasTokens: true,
    exports: true,
  },
  'image-classification': {
    columns: { id: 'id', image: 'image', label: 'label' },
    metrics: ['accuracy'],
    namesClasses: true,
    hasTokens: false,
    exports: false,
  },
  'question-answering': {
    columns: { id: 'id', question: 'question', context: 'context', answers: 'answers' },
    metrics: ['f1', 'exact match'],
    namesClasses: false,
    hasTokens: true,
    exports: false,
  },
  embeddings: {
    columns: { id: 'id', text: 'text', second: 'second', similarity: 'similarity' },
    metrics: ['cosine', 'spearman'],
    namesClasses: false,
    hasTokens: true,
    exports: false,
  },
  custom: {
    columns: { id: 'id', text: 'text' },
    metrics: [],
    namesClasses: false,
    hasTokens: true,
    exports: false,
  },
} as const satisfies Record<string, Task>;

export type TaskName = keyof typeof TASKS;

/** As a specification has it; without a name in closing documents from before there were others than accuracy. */
interface Metric {
  metric?: string | undefined;
  evaluator?: unknown;
}

export const measureOf = ({ metric = 'accuracy', evaluator }: Metric): Measure =>
  evaluator === undefined ? METRICS[metric as MetricName] : 'mean';

/** What a pair of average weight takes from a correlation of n pairs, times n, when a model turns it round. */
export const TURNED = 2;

/** What one row more can take from the metric at most, times the rows; a cosine ends at -1. */
const MOST_LOST: Record<Measure, number> = { share: 1, mean: 1, fidelity: 2, correlation: TURNED };

export const mostLost = (metric: Metric): number => MOST_LOST[measureOf(metric)];

const BESIDE: Record<string, MetricName> = { f1: 'exact match', 'exact match': 'f1', spearman: 'cosine' };

/** What is told beside the metric and decides nothing. */
export const otherMetricOf = ({ metric = '', evaluator }: Metric): MetricName | undefined =>
  evaluator === undefined ? BESIDE[metric] : undefined;

/** Whether rows have scores, and are not right or wrong. */
export const isScored = (metric: Metric): boolean => measureOf(metric) !== 'share';

/** A correlation or a cosine as it is, everything else in percent. */
export const metricText = (metric: Metric, value: number): string =>
  ['correlation', 'fidelity'].includes(measureOf(metric)) ? value.toFixed(4) : `${(100 * value).toFixed(2)} %`;

/** Settings of `model` that some task has, to tell a misplaced one from a misspelt one. */
export const TASK_SETTINGS = [
  'tokenizer',
  'maxLength',
  'padding',
  'labels',
  'image',
  'pooling',
  'normalize',
  'maximumAnswerTokens',
];

const NAMES: Record<string, string> = { f1: 'F1', spearman: 'Spearman correlation' };

/** As reports call the metric. */
export const nameOf = ({ metric = 'accuracy', evaluator }: Metric): string =>
  (evaluator === undefined ? NAMES[metric] : undefined) ?? metric;

/** The name of a metric where a line begins. */
export const titled = (metric: string): string => metric.charAt(0).toUpperCase() + metric.slice(1);

/** What the kinds of model differ in, as data; how rows become tensors is the toolkit's, how answers are read src/inference's. */
export interface Task {
  /** Columns of the data by what they hold, under the names they have unless the specification says otherwise. */
  columns: Record<string, string>;
  /** The first is named where another is refused; none where the user's own evaluator is the metric, under any name. */
  metrics: readonly string[];
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
  custom: {
    columns: { id: 'id', text: 'text' },
    metrics: [],
    namesClasses: false,
    hasTokens: true,
    exports: false,
  },
} as const satisfies Record<string, Task>;

export type TaskName = keyof typeof TASKS;

/** Whether the metric is a mean of scores from 0 to 1, and not a share of right answers. */
export const isScored = ({ evaluator }: { evaluator?: unknown }): boolean => evaluator !== undefined;

/** Settings of `model` that some task has, to tell a misplaced one from a misspelt one. */
export const TASK_SETTINGS = ['tokenizer', 'maxLength', 'padding', 'labels', 'image'];

/** The name of a metric where a line begins. */
export const titled = (metric: string): string => metric.charAt(0).toUpperCase() + metric.slice(1);

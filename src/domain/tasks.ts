/** What the kinds of model differ in, as data; how rows become tensors is the toolkit's, how answers are read src/inference's. */
export interface Task {
  /** Columns of the data by what they hold, under the names they have unless the specification says otherwise. */
  columns: Record<string, string>;
  /** The first is named where another is refused. */
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
} as const satisfies Record<string, Task>;

export type TaskName = keyof typeof TASKS;

/** Settings of `model` that some task has, to tell a misplaced one from a misspelt one. */
export const TASK_SETTINGS = ['tokenizer', 'maxLength', 'padding', 'labels', 'image'];

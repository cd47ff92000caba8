import { z } from 'zod';
import { name, path } from './spec-fields.ts';
import type { SpecProblem } from './spec-problems.ts';
import { TASKS, type Task, type TaskName } from './tasks.ts';

const ENTRY_POINT = /^[\w.]+:\w+$/;

/** Of every model, whatever its task. */
const common = {
  name,
  kind: z.enum(['onnx', 'huggingface', 'pytorch']),
  /** A file; of the kinds that are exported first, a folder. */
  path,
  /** Of kind pytorch: `module:function` in the folder, which gives the model and example inputs. */
  entryPoint: z.string().regex(ENTRY_POINT, 'write module:function, such as model:build').optional(),
};

const tokens = {
  tokenizer: path,
  maxLength: z.number().int().min(1).max(8192),
  /** `maximum` fills every row up to maxLength, for servers whose shapes are fixed. */
  padding: z.enum(['none', 'maximum']).default('none'),
};

/** Class names in the order of the logits, or a JSON file with that list. */
const labels = z.union([path, z.array(z.string().min(1)).min(2)]);

const DEPTH = { rgb: 3, gray: 1 };
const size = z.number().int().positive().max(4096);

/** How an image becomes a tensor; left out where the data has tensors that are ready. */
const image = z
  .strictObject({
    width: size,
    height: size,
    channels: z.enum(['rgb', 'gray']).default('rgb'),
    /** `crop` resizes the shorter side and takes the centre. */
    fit: z.enum(['stretch', 'crop']).default('stretch'),
    /** Of the shorter side before the crop, in pixels; the smaller of width and height otherwise. */
    resize: size.nullable().default(null),
    resample: z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear'),
    /** One for each channel, of values from 0 to 1; they are taken off, then divided by `std`. */
    mean: z.array(z.number()).default([]),
    std: z.array(z.number().positive()).default([]),
  })
  .superRefine(({ channels, mean, std, fit, resize, width, height }, context) => {
    const depth = DEPTH[channels];
    for (const [field, values] of Object.entries({ mean, std }))
      if (values.length > 0 && values.length !== depth)
        context.addIssue({ code: 'custom', path: [field], message: `${channels} needs ${depth} numbers` });
    if (resize !== null && fit !== 'crop')
      context.addIssue({ code: 'custom', path: ['resize'], message: 'goes with fit: crop; remove it or set that' });
    if (resize !== null && resize < Math.max(width, height))
      context.addIssue({ code: 'custom', path: ['resize'], message: 'must be at least width and height' });
  })
  .transform(({ mean, std, ...rest }) => {
    const every = (value: number) => new Array<number>(DEPTH[rest.channels]).fill(value);
    return { ...rest, mean: mean.length > 0 ? mean : every(0), std: std.length > 0 ? std : every(1) };
  });

const ofTask = <T extends z.ZodRawShape, N extends TaskName>(task: N, settings: T) =>
  z.strictObject({ ...common, task: z.literal(task), ...settings });

export const modelSchema = z
  .discriminatedUnion('task', [
    ofTask('text-classification', { ...tokens, labels }),
    ofTask('image-classification', { image: image.optional(), labels }),
  ])
  .refine(({ kind, entryPoint }) => (kind === 'pytorch') === (entryPoint !== undefined), {
    path: ['entryPoint'],
    message: 'give module:function for kind pytorch, and nothing for the others',
  });

export type ModelSpec = z.output<typeof modelSchema>;

const KINDS = [...new Set(Object.values(TASKS).flatMap(({ columns }) => Object.keys(columns)))];
export const METRICS: string[] = [...new Set(Object.values(TASKS).flatMap(({ metrics }) => metrics))];
const columns = Object.fromEntries(KINDS.map((kind) => [kind, z.string().min(1).optional()]));

export const dataSchema = z.strictObject({
  /** Names of the columns by what they hold; which there are depends on the task. */
  columns: z.strictObject(columns).prefault({}),
  calibration: path,
  selection: path,
  holdout: path,
  production: path,
  train: path.optional(),
});

/** The parts of a specification, as yet unchecked, that must fit its task. */
interface Tasked {
  model?: { task?: string; kind?: unknown };
  data?: { columns?: object; train?: unknown };
  slices?: unknown;
  quality?: { metric?: unknown };
  training?: unknown;
  rollout?: unknown;
  support?: unknown;
}

/** Settings that do not fit the task, each with its path, value and what to do. */
export function misfits(document: unknown): SpecProblem[] {
  const { model, data, slices, quality, training, rollout, support } = (document ?? {}) as Tasked;
  const called = model?.task ?? '';
  if (!Object.hasOwn(TASKS, called)) return [];
  const task: Task = TASKS[called as TaskName];
  const { namesClasses } = task;
  const found: SpecProblem[] = [];
  const refuse = (isWrong: boolean, path: string, value: unknown, message: string) => {
    if (isWrong) found.push({ path, ...(value !== undefined && { value }), message });
  };
  for (const [column, value] of Object.entries(data?.columns ?? {}))
    if (KINDS.includes(column) && !(column in task.columns))
      refuse(
        true,
        `data.columns.${column}`,
        value,
        `${called} reads ${Object.keys(task.columns).join(', ')}; remove it`
      );
  const misfit = metricMisfit(called as TaskName, quality?.metric);
  if (misfit) found.push(misfit);
  if (!task.exports) {
    const isExported = model?.kind === 'huggingface' || model?.kind === 'pytorch';
    refuse(isExported, 'model.kind', model?.kind, `${called} takes kind onnx; export the model first`);
    const trained: [string, unknown][] = [
      ['data.train', data?.train],
      ['training', training],
    ];
    for (const [path, value] of trained)
      refuse(value !== undefined, path, value, `${called} is not trained; remove it`);
  }
  for (const [index, slice] of (Array.isArray(slices) ? slices : []).entries())
    refuse(
      slice?.tokens !== undefined && !task.hasTokens,
      `slices.${index}.tokens`,
      slice?.tokens,
      `${called} has no tokens; slice by a column of the data`
    );
  refuse(
    namesClasses && rollout === undefined,
    'rollout',
    undefined,
    'is missing; give an object with minimumHold, maximumHold and disagreementPoints'
  );
  for (const [path, value] of Object.entries({ rollout, support }))
    refuse(
      !namesClasses && value !== undefined,
      path,
      value,
      `${called} gives no class by which production could compare two models; remove it`
    );
  return found;
}

/** Of a metric that another task has; what no task has is refused by name. */
export function metricMisfit(task: TaskName, value: unknown): SpecProblem | undefined {
  const metrics: readonly unknown[] = TASKS[task].metrics;
  if (!METRICS.includes(value as string) || metrics.includes(value)) return undefined;
  return { path: 'quality.metric', value, message: `${task} is measured by ${metrics.join(' or ')}` };
}

/** Every column of the task, under the user's name or its own. */
export const columnsOf = (task: TaskName, given: Record<string, string | undefined>): Record<string, string> => ({
  ...TASKS[task].columns,
  ...Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)),
});

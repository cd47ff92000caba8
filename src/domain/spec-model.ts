import { z } from 'zod';
import { entryPoint, name, path } from './spec-fields.ts';
import { TASKS, type TaskName } from './tasks.ts';

/** Of every model, whatever its task. */
const common = {
  name,
  kind: z.enum(['onnx', 'huggingface', 'pytorch']),
  /** A file; of the kinds that are exported first, a folder. */
  path,
  /** Of kind pytorch: `module:function` in the folder, which gives the model and example inputs. */
  entryPoint: entryPoint.optional(),
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
    ofTask('custom', { ...tokens, tokenizer: tokens.tokenizer.optional(), maxLength: tokens.maxLength.optional() }),
  ])
  .refine(({ kind, entryPoint }) => (kind === 'pytorch') === (entryPoint !== undefined), {
    path: ['entryPoint'],
    message: 'give module:function for kind pytorch, and nothing for the others',
  });

export type ModelSpec = z.output<typeof modelSchema>;

/** What a column of some task may hold. */
export const KINDS = [...new Set(Object.values(TASKS).flatMap(({ columns }) => Object.keys(columns)))];
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

/** Every column of the task, under the user's name or its own. */
export const columnsOf = (task: TaskName, given: Record<string, string | undefined>): Record<string, string> => ({
  ...TASKS[task].columns,
  ...Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)),
});

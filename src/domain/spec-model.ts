import { z } from 'zod';
import { entryPoint, name, path } from './spec-fields.ts';
import { TASKS, type TaskName } from './tasks.ts';

/** Of every model, whatever its task. */
const common = {
  name: name.meta({ description: 'under which the model is served', examples: ['topics'] }),
  kind: z
    .enum(['onnx', 'huggingface', 'pytorch'])
    .meta({ description: 'an ONNX file, or a folder that is exported to one first', examples: ['onnx'] }),
  path: path.meta({
    description: 'of the file, from the specification; of the kinds that are exported first, the folder',
    examples: ['model.onnx'],
  }),
  entryPoint: entryPoint.optional().meta({
    description: 'of kind pytorch: module:function in the folder, which gives the model and example inputs',
    examples: ['model:build'],
  }),
};

const tokens = {
  tokenizer: path.meta({ description: 'a tokenizer.json, for rows of text', examples: ['tokenizer.json'] }),
  maxLength: z
    .number()
    .int()
    .min(1)
    .max(8192)
    .meta({ description: 'tokens after which a row is cut', examples: [128] }),
  padding: z
    .enum(['none', 'maximum'])
    .default('none')
    .describe('maximum fills every row up to maxLength, for servers whose shapes are fixed'),
};

const labels = z.union([path, z.array(z.string().min(1)).min(2)]).meta({
  description: 'class names in the order of the logits, or a JSON file with that list',
  examples: ['labels.json'],
});

const DEPTH = { rgb: 3, gray: 1 };
const size = z.number().int().positive().max(4096);

/** How an image becomes a tensor; left out where the data has tensors that are ready. */
const image = z
  .strictObject({
    width: size.meta({ description: 'of the tensor, in pixels', examples: [224] }),
    height: size.meta({ description: 'of the tensor, in pixels', examples: [224] }),
    channels: z.enum(['rgb', 'gray']).default('rgb').describe('colours of the tensor'),
    fit: z
      .enum(['stretch', 'crop'])
      .default('stretch')
      .describe('crop resizes the shorter side, then takes the centre'),
    resize: size
      .nullable()
      .default(null)
      .describe('shorter side before the crop, in pixels, such as 256; null is the smaller one of width and height'),
    resample: z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear').describe('Pillow’s filter for it'),
    mean: z
      .array(z.number())
      .default([])
      .describe('one for each channel, of values from 0 to 1, which is taken off; empty is 0'),
    std: z
      .array(z.number().positive())
      .default([])
      .describe('one for each channel, by which the rest is divided; empty is 1'),
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
  z.strictObject({
    ...common,
    task: z.literal(task).meta({
      description: 'what the model answers, which decides its settings and the columns of the data (docs/tasks.md)',
      examples: [task],
    }),
    ...settings,
  });

export const modelSchema = z
  .discriminatedUnion('task', [
    ofTask('text-classification', { ...tokens, labels }),
    ofTask('image-classification', {
      image: image
        .optional()
        .describe('how an image becomes a tensor, as in training; left out where the data has tensors that are ready'),
      labels,
    }),
    ofTask('question-answering', {
      ...tokens,
      maximumAnswerTokens: z
        .number()
        .int()
        .min(1)
        .max(512)
        .default(30)
        .describe('of the longest part of the context that may be an answer'),
    }),
    ofTask('embeddings', {
      ...tokens,
      pooling: z.enum(['mean', 'cls', 'none']).meta({
        description: 'how a text’s vector is made of those of its tokens; none where the model gives it itself',
        examples: ['mean'],
      }),
      normalize: z
        .boolean()
        .default(true)
        .describe(
          'to length 1, as the service does it: similarity is the cosine then, and the scalar product otherwise'
        ),
    }),
    ofTask('custom', { ...tokens, tokenizer: tokens.tokenizer.optional(), maxLength: tokens.maxLength.optional() }),
  ])
  .refine(({ kind, entryPoint }) => (kind === 'pytorch') === (entryPoint !== undefined), {
    path: ['entryPoint'],
    message: 'give module:function for kind pytorch, and nothing for the others',
  });

export type ModelSpec = z.output<typeof modelSchema>;

/** What a column of some task may hold. */
export const KINDS = [...new Set(Object.values(TASKS).flatMap(({ columns }) => Object.keys(columns)))];
const HELD: Record<string, string> = {
  id: 'a name of the row',
  text: 'the text',
  image: 'the image, or its tensor',
  label: 'the class',
  question: 'the question',
  context: 'the text that the answer is a part of',
  answers: 'the right answer, or a list of them',
  second: 'the text that the first is compared with',
  similarity: 'how similar the two are, as a number',
};
const columns = Object.fromEntries(
  KINDS.map((kind) => [
    kind,
    z
      .string()
      .min(1)
      .optional()
      .meta({ description: `column that holds ${HELD[kind]}. Left out, ${kind}`, examples: [kind] }),
  ])
);

const rows = (role: string, description: string) => path.meta({ description, examples: [`data/${role}.jsonl`] });

export const dataSchema = z.strictObject({
  columns: z
    .strictObject(columns)
    .prefault({})
    .describe('names of the columns by what they hold, where they are others; which there are depends on the task'),
  calibration: rows('calibration', 'rows that quantization looks at; 1,000 to 5,000 like those of production'),
  selection: rows('selection', 'labelled rows that decide which candidate is taken'),
  holdout: rows('holdout', 'labelled rows that are looked at once, at the end; more of them certify a smaller margin'),
  production: rows('production', 'sample of what production asks, to compare the calibration rows with'),
  train: rows('train', 'labelled rows for quantization-aware training (docs/qat.md)').optional(),
});

/** Every column of the task, under the user's name or its own. */
export const columnsOf = (task: TaskName, given: Record<string, string | undefined>): Record<string, string> => ({
  ...TASKS[task].columns,
  ...Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)),
});

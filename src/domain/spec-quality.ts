import { z } from 'zod';
import { PROVIDERS } from './measurement.ts';
import { entryPoint, name, path, points, share } from './spec-fields.ts';

const sliceName = name.meta({ description: 'of the slice, in reports', examples: ['desk'] });

export const slice = z.union([
  z.strictObject({
    name: sliceName,
    column: z
      .string()
      .min(1)
      .meta({ description: 'column of the data; each of its values is a slice', examples: ['topic_group'] }),
  }),
  z.strictObject({
    name: sliceName,
    tokens: z
      .array(z.number().int().positive())
      .min(1)
      .meta({
        description: 'instead of a column: bounds of lengths in tokens that divide the rows',
        examples: [[32, 63]],
      }),
  }),
]);

/** `module:function` in a folder of Python files, which takes a row's outputs and the row and gives its score, 0 to 1. */
const evaluator = z.strictObject({
  folder: path.meta({ description: 'folder of the Python files', examples: ['evaluator'] }),
  entryPoint: entryPoint.meta({
    description: 'module:function that takes a row’s outputs and the row, and returns its score, 0 to 1',
    examples: ['ranking:reciprocal_rank'],
  }),
});

export const quality = z.strictObject({
  metric: z
    .string()
    .regex(/^[^\s<>][^<>\n]{0,39}$/, 'write a name of at most 40 characters, without < and >')
    .meta({
      description:
        'what is compared: accuracy of classes; f1 or exact match of answers; cosine or spearman of embeddings; of an evaluator, the name that reports give it',
      examples: ['accuracy'],
    }),
  evaluator: evaluator.optional().describe('of task custom: Python of yours that scores every answer (docs/tasks.md)'),
  marginPoints: points.lt(100, 'must be below 100 percentage points').meta({
    description: 'largest drop against FP32 that the business accepts, in percentage points; fewer need more rows',
    examples: [1],
  }),
  sliceMarginPoints: points.meta({
    description: 'the same for each slice, in percentage points; slices have fewer rows, so it is wider',
    examples: [5],
  }),
  minimumSliceRows: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('rows of a slice below which it decides nothing; such slices are listed by name'),
  confidence: share.default(0.95).describe('one-sided, as a share, of every bound on accuracy'),
  power: share
    .default(0.8)
    .describe('as a share: chance that a candidate as good as FP32 is shown to be; the power check is made with it'),
  expectedDiscordancePoints: points
    .default(2)
    .describe('rows that only one of both models gets right, in percentage points, as the power check expects them'),
  minimumIntegerCoverage: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe(
      'share of the quantized nodes with weights that must run on integer kernels; 1 for a device without float'
    ),
  maximumSizeMb: z
    .number()
    .positive()
    .optional()
    .meta({
      description:
        'room on the device, in megabytes of 1,000,000 bytes; with it, INT4 and 2-bit weights are tried for size',
      examples: [25],
    }),
  minimumSpeedup: z
    .number()
    .positive()
    .optional()
    .meta({
      description:
        'as a ratio to FP32’s speed; below 1 where size is the aim. Left out, a candidate must be faster beyond the host’s noise',
      examples: [1.5],
    }),
});

export const serving = z.strictObject({
  sloPercentile: z
    .literal([50, 95, 99])
    .meta({ description: 'percentile of the latency that the service level binds', examples: [99] }),
  sloMs: z
    .number()
    .positive()
    .meta({ description: 'milliseconds that it may reach, for a single request', examples: [100] }),
  threads: z.number().int().positive().default(1).describe('of one session, as production has them'),
  provider: z.enum(PROVIDERS).default('cpu').describe('what ONNX Runtime runs the model on'),
  spinning: z
    .boolean()
    .default(false)
    .describe('whether idle threads spin: faster on a machine of its own, slower where it is shared'),
});

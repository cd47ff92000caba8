import { z } from 'zod';
import { calibrationRows, duration } from './spec-fields.ts';
import { RACING_TOOLKITS } from './toolkits.ts';

const count = z.number().int().positive();
const isEachOnce = (names: readonly string[]) => new Set(names).size === names.length;

export const schemes = z
  .array(z.enum(['fp16', 'int8-dynamic', 'int8-static', 'int4-weight', 'int2-weight']))
  .min(1)
  .refine(isEachOnce, 'names a scheme twice; name each once')
  .refine(
    (names) => names.every((name) => !/^int[42]/.test(name)) || names.some((name) => name.startsWith('int8')),
    'has fewer than 8 bits, which come after INT8; add int8-dynamic or int8-static'
  );

export const toolkits = z
  .array(z.enum(RACING_TOOLKITS))
  .min(1)
  .refine(isEachOnce, 'names a toolkit twice; name each once')
  .default(['onnxruntime']);

export const calibration = z.strictObject({
  rows: calibrationRows
    .default(1000)
    .describe('calibration rows that static schemes look at; 1,000 to 5,000 are advised'),
  method: z
    .enum(['minmax', 'entropy', 'percentile'])
    .default('minmax')
    .describe('how ranges of activations follow from these rows; the others are tried where it loses too much'),
});

/** When to stop looking for candidates; the best so far goes on. */
export const search = z.strictObject({
  budget: duration.optional().meta({
    description: 'working time to look for candidates; waiting for people does not count. Left out, all are tried',
    examples: ['6 hours'],
  }),
  maximumTrials: count.optional().meta({ description: 'candidates to try. Left out, all', examples: [10] }),
});

/** Quantization-aware training, where it comes to that; what is left out is the toolkit's own choice. */
export const training = z.strictObject({
  steps: count
    .max(100_000)
    .optional()
    .meta({ description: 'at most (400)', examples: [400] }),
  batch: count
    .max(1024)
    .optional()
    .meta({ description: 'rows of a step (32)', examples: [32] }),
  learningRate: z
    .number()
    .positive()
    .max(1)
    .optional()
    .meta({ description: 'at the top of the cycle (0.0001)', examples: [0.0001] }),
  rangeLearningRate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({
      description: 'of the ranges of activations, as powers; 0 leaves them as calibrated (0.03)',
      examples: [0.03],
    }),
  distillation: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'share of the loss that follows FP32’s answers (0.5)', examples: [0.5] }),
  temperature: z
    .number()
    .positive()
    .max(100)
    .optional()
    .meta({ description: 'of those answers (2)', examples: [2] }),
  evaluations: count
    .max(1000)
    .optional()
    .meta({ description: 'looks at the selection rows, evenly spread (10)', examples: [10] }),
  patience: count
    .max(1000)
    .optional()
    .meta({ description: 'looks without a better one until it ends (4)', examples: [4] }),
});

const replicas = count.max(64);

/** The search for the largest rate at the service level; small numbers end sooner and find less. */
export const loadTest = z.strictObject({
  firstQueries: z
    .number()
    .int()
    .min(20)
    .default(1_000)
    .describe('queries of a probe’s first run; every further run doubles what the probe has'),
  maximumQueries: z
    .number()
    .int()
    .min(20)
    .max(1_000_000)
    .default(8_000)
    .describe('queries after which a probe that cannot tell counts as too high a rate'),
  maximumProbes: count.max(100).default(12).describe('rates to try'),
  resolution: z
    .number()
    .gt(1)
    .max(2)
    .default(1.05)
    .describe('ratio between the rate that held and the one that did not at which the search ends'),
  replicas: z
    .union([replicas, z.array(replicas).min(1).max(8)])
    .default(1)
    .describe('sessions side by side on the host; of a list, each number is measured where the memory allows it'),
});

import { z } from 'zod';
import { PROVIDERS, type SessionOptions } from './measurement.ts';
import { PACKAGES, type PackageName } from './packages.ts';
import { ptqPlan } from './recipes.ts';
import { rollout, support } from './rollout-spec.ts';
import { calibrationRows, duration, entryPoint, name, path, person, points, share } from './spec-fields.ts';
import { columnsOf, dataSchema, modelSchema } from './spec-model.ts';
import { problemsOf, type SpecProblem } from './spec-problems.ts';
import { misfits } from './spec-task.ts';
import { RACING_TOOLKITS } from './toolkits.ts';
import { UNIT_MS } from './units.ts';

const slice = z.union([
  z.strictObject({ name, column: z.string().min(1) }),
  z.strictObject({ name, tokens: z.array(z.number().int().positive()).min(1) }),
]);

/** `module:function` in a folder of Python files, which takes a row's outputs and the row and gives its score, 0 to 1. */
const evaluator = z.strictObject({ folder: path, entryPoint });

export const quality = z.strictObject({
  /** Which there are depends on the task; of an evaluator, the name that reports give it. */
  metric: z.string().regex(/^[^\s<>][^<>\n]{0,39}$/, 'write a name of at most 40 characters, without < and >'),
  /** Of task custom: Python that scores every answer. */
  evaluator: evaluator.optional(),
  /** Largest drop against FP32 that the business accepts, in percentage points. */
  marginPoints: points.lt(100),
  sliceMarginPoints: points,
  /** Slices with fewer rows are reported and decide nothing; they are listed as inconclusive by name. */
  minimumSliceRows: z.number().int().positive().default(50),
  /** One-sided. */
  confidence: share.default(0.95),
  power: share.default(0.8),
  /** Share of rows expected to be right on one side only, in points; the power check is made with it. */
  expectedDiscordancePoints: points.default(2),
  /** Of the nodes with weights that are quantized; 1 is a device without float, for which none may be kept in FP32. */
  minimumIntegerCoverage: z.number().min(0).max(1).default(0.9),
  /** What the device has room for, in megabytes of 1,000,000 bytes. With it, INT4 and 2-bit weights are tried for size. */
  maximumSizeMb: z.number().positive().optional(),
  /** Of FP32's speed; below 1 where size is the aim. Left out, a candidate must be faster beyond the host's noise. */
  minimumSpeedup: z.number().positive().optional(),
});

const serving = z.strictObject({
  sloPercentile: z.union([z.literal(50), z.literal(95), z.literal(99)]),
  sloMs: z.number().positive(),
  threads: z.number().int().positive().default(1),
  provider: z.enum(PROVIDERS).default('cpu'),
  spinning: z.boolean().default(false),
});

const gates = z
  .strictObject({
    approvers: z.array(person).min(1),
    remindAfter: duration.default(UNIT_MS.day),
    expireAfter: duration.default(14 * UNIT_MS.day),
    /** Gates that need two different people. */
    fourEyes: z.array(z.enum(['baseline', 'ptq', 'optimization', 'rollout', 'support'])).default([]),
  })
  .refine(({ approvers, fourEyes }) => fourEyes.length === 0 || new Set(approvers.map(({ email }) => email)).size > 1, {
    path: ['fourEyes'],
    message: 'needs two approvers with different addresses; name another, or leave it out',
  });

const replicas = z.number().int().positive().max(64);

/** The search for the largest rate at the service level; small numbers end sooner and find less. */
const loadTest = z.strictObject({
  /** Queries of a probe's first run; every further run doubles what the probe has. */
  firstQueries: z.number().int().min(20).default(1_000),
  /** A probe that cannot tell after so many counts as too high. */
  maximumQueries: z.number().int().min(20).max(1_000_000).default(8_000),
  maximumProbes: z.number().int().positive().max(100).default(12),
  /** Ends when the rates that held and did not are this close, as a ratio. */
  resolution: z.number().gt(1).max(2).default(1.05),
  /** Sessions that serve side by side on the host; of a list, each is measured where the memory allows it. */
  replicas: z.union([replicas, z.array(replicas).min(1).max(8)]).default(1),
});

/** What serving costs and is paid for; the report carries the measured rates into money with it. */
const economics = z.strictObject({
  /** Requests per second: one number, 168 for the hours of a week, or a file with those or a trace. */
  traffic: z.union([z.number(), z.array(z.number()), path]),
  /** Instance type of the price list. */
  hardware: z.string().min(1),
  region: z.string().min(1).optional(),
  /** Price list; the one that ships otherwise. */
  prices: path.optional(),
  /** Prices older than 90 days are printed with their age. */
  acceptOldPrices: z.boolean().default(false),
  /** Dollars; prices are scaled so that FP32 costs this much a month. */
  monthlyCost: z.number().optional(),
  /** Dollars, paid once for the engagement. */
  fee: z.number().optional(),
  headroom: z.number().optional(),
  minimumReplicas: z.number().optional(),
  spareReplicas: z.number().optional(),
  tokensPerRequest: z.number().optional(),
  reserved: z.boolean().default(false),
  spot: z.boolean().default(false),
  reclaimOverhead: z.number().optional(),
  extras: z.array(z.strictObject({ name: z.string().min(1), usdPerMonth: z.number() })).optional(),
});

/** Quantization-aware training, where it comes to that; what is left out is the toolkit's own choice. */
export const training = z.strictObject({
  steps: z.number().int().positive().max(100_000).optional(),
  batch: z.number().int().positive().max(1024).optional(),
  learningRate: z.number().positive().max(1).optional(),
  distillation: z.number().min(0).max(1).optional(),
  temperature: z.number().positive().max(100).optional(),
  evaluations: z.number().int().positive().max(1000).optional(),
  patience: z.number().int().positive().max(1000).optional(),
});

/** When to stop looking for candidates; the best so far goes on. Without limits, when all are tried. */
const search = z.strictObject({
  /** Of working time; waiting for people does not count. */
  budget: duration.optional(),
  maximumTrials: z.number().int().positive().optional(),
});

/** What the device runs; left out, whatever the package has. */
const schemes = z
  .array(z.enum(['fp16', 'int8-dynamic', 'int8-static', 'int4-weight', 'int2-weight']))
  .min(1)
  .refine((names) => new Set(names).size === names.length, 'names a scheme twice; name each once')
  .refine(
    (names) => names.every((name) => !/^int[42]/.test(name)) || names.some((name) => name.startsWith('int8')),
    'has fewer than 8 bits, which come after INT8; add int8-dynamic or int8-static'
  );

/** The engagement as the user writes it; every key is checked, unknown ones are refused. */
const specSchema = z.strictObject({
  engagement: name,
  client: z.strictObject({
    name: z.string().min(1),
    contacts: z
      .array(person.extend({ roles: z.array(z.enum(['engineer', 'approver', 'operator'])).min(1) }))
      .default([]),
  }),
  package: z.enum(Object.keys(PACKAGES) as [PackageName, ...PackageName[]]),
  model: modelSchema,
  data: dataSchema,
  slices: z.array(slice).default([]),
  quality,
  serving,
  loadTest: loadTest.prefault({}),
  economics: economics.optional(),
  search: search.prefault({}),
  calibration: z
    .strictObject({
      rows: calibrationRows.default(1000),
      method: z.enum(['minmax', 'entropy', 'percentile']).default('minmax'),
    })
    .prefault({}),
  training: training.optional(),
  schemes: schemes.optional(),
  /** Whose candidates race, on equal terms; all but ONNX Runtime's take space and minutes for an environment of their own. */
  toolkits: z
    .array(z.enum(RACING_TOOLKITS))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'names a toolkit twice; name each once')
    .default(['onnxruntime']),
  gates,
  /** Where answers name a class. */
  rollout: rollout.optional(),
  support: support.optional(),
});

/** The specification with defaults filled in and durations in milliseconds. */
export type Spec = Omit<z.output<typeof specSchema>, 'data' | 'rollout' | 'support'> & {
  data: Omit<z.output<typeof dataSchema>, 'columns'> & { columns: Record<string, string> };
  /** Absent where answers name no class; nothing asks for it then. */
  rollout: z.output<typeof rollout>;
  support: z.output<typeof support>;
};
export type QualitySpec = Spec['quality'];

/** Evaluation, measurement and load test run the model as it is served. */
export const sessionOptionsOf = ({ serving }: Spec): SessionOptions => {
  const { threads, provider, spinning } = serving;
  return { threads, provider, spinning };
};

/** JSON Schema of the file for editors. */
export function specJsonSchema(): unknown {
  return z.toJSONSchema(specSchema, { io: 'input' });
}

function nothingToTry({ schemes, toolkits, package: bought }: z.output<typeof specSchema>): SpecProblem {
  const message = `${toolkits.join(', ')} makes none of these in package ${bought}; name another scheme or toolkit`;
  return { path: 'schemes', value: schemes, message };
}

/** Reads a parsed YAML document; every problem is reported at once, with its path and value. */
export function parseSpec(document: unknown): { spec: Spec } | { problems: SpecProblem[] } {
  const parsed = specSchema.safeParse(document, { reportInput: true });
  const issues = parsed.error?.issues ?? [];
  const problems = [...issues.flatMap((issue) => problemsOf(issue, document)), ...misfits(document)];
  if (parsed.data && ptqPlan(parsed.data).length === 0) problems.push(nothingToTry(parsed.data));
  if (problems.length > 0 || !parsed.data) return { problems };
  const { data, rollout: planned, support: asked, ...rest } = parsed.data;
  const columns = columnsOf(rest.model.task, data.columns);
  return {
    spec: { ...rest, data: { ...data, columns }, rollout: planned!, support: asked ?? support.parse({}) },
  };
}

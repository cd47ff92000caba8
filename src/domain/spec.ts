import { z } from 'zod';
import { PROVIDERS, type SessionOptions } from './measurement.ts';
import { PACKAGES, type PackageName } from './packages.ts';
import { remoteArms, routerConfig, weightFault } from './router.ts';

const DURATION = /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/;
const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** `30 minutes` in the file, milliseconds once read. */
const duration = z
  .string()
  .regex(DURATION, "write a duration such as '30 seconds', '2 hours' or '3 days'")
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  });
const points = z.number().positive().max(100);
const share = z.number().gt(0).lt(1);
const path = z.string().min(1);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, at most 63');

const person = z.strictObject({ name: z.string().min(1), email: z.email() });

const slice = z.union([
  z.strictObject({ name, column: z.string().min(1) }),
  z.strictObject({ name, tokens: z.array(z.number().int().positive()).min(1) }),
]);

const quality = z.strictObject({
  metric: z.literal('accuracy'),
  /** Largest drop against FP32 that the business accepts, in percentage points. */
  marginPoints: points,
  sliceMarginPoints: points,
  /** Slices with fewer rows are reported and decide nothing; they are listed as inconclusive by name. */
  minimumSliceRows: z.number().int().positive().default(50),
  /** One-sided. */
  confidence: share.default(0.95),
  power: share.default(0.8),
  /** Share of rows expected to be right on one side only, in points; the power check is made with it. */
  expectedDiscordancePoints: points.default(2),
  minimumIntegerCoverage: z.number().min(0).max(1).default(0.9),
});

const serving = z.strictObject({
  sloPercentile: z.union([z.literal(50), z.literal(95), z.literal(99)]),
  sloMs: z.number().positive(),
  threads: z.number().int().positive().default(1),
  provider: z.enum(PROVIDERS).default('cpu'),
  spinning: z.boolean().default(false),
});

const gates = z.strictObject({
  approvers: z.array(person).min(1),
  remindAfter: duration.default(UNIT_MS.day),
  expireAfter: duration.default(14 * UNIT_MS.day),
  /** Gates that need two different people. */
  fourEyes: z.array(z.enum(['baseline', 'ptq', 'optimization', 'rollout', 'support'])).default([]),
});

const rollout = z
  .strictObject({
    /** Percent of client traffic after the shadow stage, ascending, ending in 100. */
    stages: z.array(z.number().gt(0).max(100)).min(1).default([1, 5, 25, 50, 100]),
    minimumHold: duration,
    /** A stage without a verdict by then is inconclusive, and a person must look. */
    maximumHold: duration,
    minimumPairs: z.number().int().positive().default(200),
    /** Share of requests that run on both arms. */
    shadowSample: z.number().gt(0).max(1).default(1),
    unitHeader: z.string().min(1).default('x-stepdown-unit'),
    /** Stages, in percent, that wait for a person before they begin; the last always does. */
    approvalBefore: z.array(z.number()).default([]),
    disagreementPoints: points,
    errorPoints: points.default(1),
    alpha: share.default(0.05),
    /** Without a comparison for so long nothing is promoted, and the alarm for it sounds. */
    maximumSilence: duration.default(15 * UNIT_MS.minute),
    /** How often a stage is looked at; the gateway itself looks at every observation. */
    lookEvery: duration.default(30 * UNIT_MS.second),
    /** Percent of client traffic that stays on FP32 at every stage, the last too. */
    holdBackPercent: z.number().min(0).max(10).default(1),
    /** What splits the clients; the gateway itself where nothing else is named. */
    router: routerConfig.optional(),
    /** Servers of the same models elsewhere; the gateway runs those that are not named. */
    remotes: remoteArms.optional(),
  })
  .refine(({ stages }) => stages.at(-1) === 100 && stages.every((weight, i) => i === 0 || weight > stages[i - 1]!), {
    path: ['stages'],
    message: 'list the weights in ascending order and end with 100, such as [1, 5, 25, 50, 100]',
  })
  .refine(({ minimumHold, maximumHold }) => minimumHold < maximumHold, {
    path: ['maximumHold'],
    message: 'must be longer than minimumHold',
  })
  .superRefine(({ stages, holdBackPercent, router }, context) => {
    const weights = [...stages.slice(0, -1), 100 - holdBackPercent];
    const fault = router && weights.map((weight) => weightFault(router, Math.round(weight * 100))).find(Boolean);
    if (fault) context.addIssue({ code: 'custom', path: ['stages'], message: fault });
  });

const replicas = z.number().int().positive().max(64);

/** How production is guarded after the last stage. */
const support = z.strictObject({
  /** The package's by default; 0 for none. */
  days: z.number().min(0).max(3650).optional(),
  /** How long a day lasts; shorter only for a demonstration, and the report says so. */
  day: duration.default(UNIT_MS.day),
  looksPerDay: z.number().int().positive().max(1_440).default(24),
  daysPerReport: z.number().positive().default(7),
  /** Share of requests that still run on both arms: what the guard costs. */
  sample: z.number().gt(0).max(1).default(0.01),
  /** Chance of a false alarm over the whole window. */
  alpha: share.default(0.05),
  /** `incident` leaves it to a person to take the candidate out. */
  onAlarm: z.enum(['rollback', 'incident']).default('rollback'),
});

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
const training = z.strictObject({
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

const dataFiles = z.strictObject({
  columns: z.strictObject({
    id: z.string().default('id'),
    text: z.string().default('text'),
    label: z.string().default('label'),
  }),
  calibration: path,
  selection: path,
  holdout: path,
  production: path,
  train: path.optional(),
});

const model = z
  .strictObject({
    name,
    kind: z.enum(['onnx', 'huggingface', 'pytorch']),
    /** A file; of the kinds that are exported first, a folder. */
    path,
    /** Of kind pytorch: `module:function` in the folder, which gives the model and example inputs. */
    entryPoint: z
      .string()
      .regex(/^[\w.]+:\w+$/, 'write module:function, such as model:build')
      .optional(),
    task: z.literal('text-classification'),
    tokenizer: path,
    maxLength: z.number().int().min(1).max(8192),
    /** `maximum` fills every row up to maxLength, for servers whose shapes are fixed. */
    padding: z.enum(['none', 'maximum']).default('none'),
    /** Class names in the order of the logits, or a JSON file with that list. */
    labels: z.union([path, z.array(z.string().min(1)).min(2)]),
  })
  .refine(({ kind, entryPoint }) => (kind === 'pytorch') === (entryPoint !== undefined), {
    path: ['entryPoint'],
    message: 'give module:function for kind pytorch, and nothing for the others',
  });

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
  model,
  data: dataFiles,
  slices: z.array(slice).default([]),
  quality,
  serving,
  loadTest: loadTest.prefault({}),
  economics: economics.optional(),
  search: search.prefault({}),
  calibration: z
    .strictObject({
      rows: z.number().int().positive().max(5000).default(1000),
      method: z.enum(['minmax', 'entropy', 'percentile']).default('minmax'),
    })
    .prefault({}),
  training: training.optional(),
  gates,
  rollout,
  support: support.prefault({}),
});

/** The specification with defaults filled in and durations in milliseconds. */
export type Spec = z.output<typeof specSchema>;
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

export interface SpecProblem {
  path: string;
  value?: unknown;
  message: string;
}

/** Reads a parsed YAML document; every problem is reported at once, with its path and value. */
export function parseSpec(document: unknown): { spec: Spec } | { problems: SpecProblem[] } {
  const parsed = specSchema.safeParse(document, { reportInput: true });
  if (parsed.success) return { spec: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, document)) };
}

/** The issue as problems with path, value and what to do. */
export function problemsOf(issue: z.core.$ZodIssue, document: unknown): SpecProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      value: at(document, [...issue.path, key]),
      message: 'is not a known key; remove it or correct its spelling',
    }));
  const value = at(document, issue.path);
  return [
    {
      path: issue.path.join('.') || '(the document)',
      value,
      message: value === undefined ? missing(issue) : issue.message,
    },
  ];
}

function missing(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `is missing; give a ${issue.expected}` : `is missing (${issue.message})`;
}

function at(document: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}

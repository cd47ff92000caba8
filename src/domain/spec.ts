import { z } from 'zod';
import type { SessionOptions } from './measurement.ts';
import { PACKAGES, type PackageName } from './packages.ts';
import { ptqPlan } from './recipes.ts';
import { rollout, support } from './rollout-spec.ts';
import { jsonSchemaOf, type Schema } from './schema-keys.ts';
import { economics } from './spec-economics.ts';
import { duration, name, person } from './spec-fields.ts';
import { columnsOf, dataSchema, modelSchema } from './spec-model.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';
import { quality, serving, slice } from './spec-quality.ts';
import { calibration, loadTest, schemes, search, toolkits, training } from './spec-search.ts';
import { misfits } from './spec-task.ts';

const gates = z
  .strictObject({
    approvers: z.array(person).min(1).describe('who may decide, each with name and email'),
    remindAfter: duration.prefault('1 day').describe('how long a gate waits before it is mailed again'),
    expireAfter: duration
      .prefault('14 days')
      .describe('how long a gate waits before the engagement ends without a decision'),
    fourEyes: z
      .array(z.enum(['baseline', 'ptq', 'optimization', 'rollout', 'support']))
      .default([])
      .describe('phases whose gates need two different people'),
  })
  .refine(({ approvers, fourEyes }) => fourEyes.length === 0 || new Set(approvers.map(({ email }) => email)).size > 1, {
    path: ['fourEyes'],
    message: 'needs two approvers with different addresses; name another, or leave it out',
  });

const contact = person.extend({
  roles: z
    .array(z.enum(['engineer', 'approver', 'operator']))
    .min(1)
    .meta({ description: 'what the person does', examples: [['engineer']] }),
});

const client = z.strictObject({
  name: z
    .string()
    .min(1)
    .meta({ description: 'as reports and lists name it', examples: ['Acme'] }),
  contacts: z.array(contact).default([]).describe('people that reports name; who decides stands in gates.approvers'),
});

/** The engagement as the user writes it; every key is checked, unknown ones are refused. */
const specSchema = z.strictObject({
  engagement: name.meta({
    description: 'name by which every command knows it: lower-case letters, digits and hyphens',
    examples: ['acme-topics'],
  }),
  client: client.describe('who it is for'),
  package: z
    .enum(Object.keys(PACKAGES) as [PackageName, ...PackageName[]])
    .meta({ description: 'what was bought: decides phases, schemes, support and reports', examples: ['professional'] }),
  model: modelSchema.describe('the model of today'),
  data: dataSchema.describe('its rows by role; the roles must not share a row'),
  slices: z.array(slice).default([]).describe('parts of the rows on which accuracy must hold too'),
  quality: quality.describe('what a candidate must hold to be no worse'),
  serving: serving.describe('how single requests are served, and how fast'),
  loadTest: loadTest
    .prefault({})
    .describe('the search for the largest rate at the service level; small numbers end sooner and find less'),
  economics: economics
    .optional()
    .describe('what serving costs; with it, reports carry the measured rates into dollars'),
  search: search.prefault({}).describe('when to stop looking for candidates; the best so far goes on'),
  calibration: calibration.prefault({}).describe('how quantization learns the ranges of activations'),
  training: training
    .optional()
    .describe(
      'quantization-aware training, where it comes to that; what is left out is the toolkit’s choice (docs/qat.md)'
    ),
  schemes: schemes.optional().meta({
    description: 'what the device can run; nothing else is tried. Left out, whatever the package has',
    examples: [['int8-static']],
  }),
  toolkits: toolkits.describe(
    'whose candidates race, on equal terms; all but onnxruntime take minutes and gigabytes once (docs/toolkits.md)'
  ),
  gates: gates.describe('who decides between the phases'),
  rollout: rollout
    .optional()
    .describe('how traffic moves to the candidate, and what moves it back; needed where the package has a rollout'),
  support: support.optional().describe('how production is guarded after the last stage (docs/support.md)'),
});

/** The specification with defaults filled in and durations in milliseconds. */
export type Spec = Omit<z.output<typeof specSchema>, 'data' | 'rollout' | 'support'> & {
  data: Omit<z.output<typeof dataSchema>, 'columns'> & { columns: Record<string, string> };
  /** Absent where the package has no rollout; nothing asks for it then. */
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
export const specJsonSchema = (): Schema => jsonSchemaOf(specSchema);

/** Of a document with other mistakes, its economics where they have none. */
export function economicsOf(document: unknown): Spec['economics'] {
  const read = readAs(economics.optional(), (document as { economics?: unknown } | null)?.economics);
  return 'data' in read ? read.data : undefined;
}

function nothingToTry({ schemes, toolkits, package: bought }: z.output<typeof specSchema>): SpecProblem {
  const message = `${toolkits.join(', ')} makes none of these in package ${bought}; name another scheme or toolkit`;
  return { path: 'schemes', value: schemes, message };
}

/** Reads a parsed YAML document; every problem is reported at once, with its path and value. */
export function parseSpec(document: unknown): { spec: Spec } | { problems: SpecProblem[] } {
  const read = readAs(specSchema, document);
  const problems = [...('problems' in read ? read.problems : []), ...misfits(document)];
  if ('data' in read && ptqPlan(read.data).length === 0) problems.push(nothingToTry(read.data));
  if (problems.length > 0 || 'problems' in read) return { problems };
  const { data, rollout: planned, support: asked, ...rest } = read.data;
  const columns = columnsOf(rest.model.task, data.columns);
  return {
    spec: { ...rest, data: { ...data, columns }, rollout: planned!, support: asked ?? support.parse({}) },
  };
}

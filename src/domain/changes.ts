import { z } from 'zod';
import { DATA_ROLES } from './artifact.ts';
import type { Changes } from './decision.ts';
import type { EngagementState } from './engagement.ts';
import { CALIBRATION_METHODS, SCHEMES } from './recipe.ts';
import { calibrationRows } from './spec-fields.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';
import { quality } from './spec-quality.ts';
import { training } from './spec-search.ts';
import { metricMisfit } from './spec-task.ts';
import { TOOLKITS, type ToolkitName } from './toolkits.ts';

const recipe = z.strictObject({
  toolkit: z.enum(Object.keys(TOOLKITS) as [ToolkitName, ...ToolkitName[]]),
  scheme: z.enum(SCHEMES),
  calibration: z
    .strictObject({ role: z.enum(DATA_ROLES), rows: calibrationRows, method: z.enum(CALIBRATION_METHODS) })
    .optional(),
  exclude: z.array(z.string().min(1)).optional(),
  options: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], 'give a text, a number, true, false or texts')
    )
    .optional(),
  training: training.optional(),
});

const changesSchema = z.strictObject({
  quality: quality.partial().optional(),
  recipes: z.array(recipe).min(1, 'give a recipe, or leave recipes out').optional(),
  candidates: z.array(z.string()).min(1, 'name a candidate; without `candidates` all that passed go on').optional(),
});

/**
 * Every mistake in what a decision is to change, with path, value and what to do. Nothing of it is filled in: a default
 * would undo what the engagement was agreed on.
 */
export function problemsOfChanges(
  changes: unknown,
  { spec, released }: Pick<EngagementState, 'spec' | 'released'>
): SpecProblem[] {
  const read = readAs(changesSchema, changes);
  if ('problems' in read) return read.problems;
  const { quality: asked, candidates = [] } = changes as Changes;
  const problem = metricMisfit(spec.model.task, asked?.metric);
  const strangers = [...candidates.entries()].filter(([, id]) => !released.includes(id));
  const passed = released.length > 0 ? `those that passed are ${released.join(', ')}` : 'none has passed';
  return [
    ...(problem ? [problem] : []),
    ...(asked?.evaluator === undefined
      ? []
      : [
          {
            path: 'quality.evaluator',
            value: asked.evaluator,
            message: 'stays as it was at kick-off, since FP32 was measured by it; start another engagement',
          },
        ]),
    ...strangers.map(([index, value]) => ({ path: `candidates.${index}`, value, message: `cannot go on; ${passed}` })),
  ];
}

import { z } from 'zod';
import { remoteArms, routerConfig, weightFault } from './router.ts';
import { duration, share } from './spec-fields.ts';
import { UNIT_MS } from './units.ts';

/** Percent, of a rate that is watched: what happens nearly always cannot be seen to happen more often. */
const budget = z.number().positive().lt(99);

/** How traffic moves to the candidate, and what moves it back. */
export const rollout = z
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
    disagreementPoints: budget,
    errorPoints: budget.default(1),
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
  .superRefine(({ stages, approvalBefore }, context) => {
    for (const [index, weight] of approvalBefore.entries())
      if (weight !== 0 && !stages.includes(weight))
        context.addIssue({
          code: 'custom',
          path: ['approvalBefore', index],
          message: `is no stage; name 0 (shadow), ${stages.join(', ')}`,
        });
  })
  .superRefine(({ stages, holdBackPercent, router }, context) => {
    const weights = [...stages.slice(0, -1), 100 - holdBackPercent];
    const fault = router && weights.map((weight) => weightFault(router, Math.round(weight * 100))).find(Boolean);
    if (fault) context.addIssue({ code: 'custom', path: ['stages'], message: fault });
  });

/** How production is guarded after the last stage. */
export const support = z.strictObject({
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
  /** Drift of FP32's classes from the rows given at which another engagement is proposed; 0 for never. */
  reoptimizeAtPsi: z.number().min(0).max(10).default(0.25),
});

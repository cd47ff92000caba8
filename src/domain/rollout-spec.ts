import { z } from 'zod';
import { remoteArms, routerConfig, weightFault } from './router.ts';
import { duration, share } from './spec-fields.ts';

/** Percent, of a rate that is watched: what happens nearly always cannot be seen to happen more often. */
const budget = z.number().positive().lt(99);

/** How traffic moves to the candidate, and what moves it back. */
export const rollout = z
  .strictObject({
    stages: z
      .array(z.number().gt(0).max(100))
      .min(1)
      .default([1, 5, 25, 50, 100])
      .describe('percent of client traffic after the shadow stage, ascending, ending in 100'),
    minimumHold: duration.meta({ description: 'that each stage stays at least', examples: ['30 minutes'] }),
    maximumHold: duration.meta({
      description: 'after which a stage without a verdict is inconclusive, and a person must look',
      examples: ['2 days'],
    }),
    minimumPairs: z.number().int().positive().default(200).describe('compared requests that each stage needs'),
    shadowSample: z.number().gt(0).max(1).default(1).describe('share of requests that run on both arms'),
    unitHeader: z
      .string()
      .min(1)
      .default('x-stepdown-unit')
      .describe('header of a request that names its client, who stays on one arm'),
    approvalBefore: z
      .array(z.number())
      .default([])
      .describe('stages, in percent (0 is shadow), that wait for a person before they begin; the last always does'),
    disagreementPoints: budget.meta({
      description:
        'answers that may differ from FP32’s, in percentage points; more of them roll back, without any label',
      examples: [4],
    }),
    errorPoints: budget
      .default(1)
      .describe('requests that the candidate may fail, in percentage points; more of them roll back'),
    alpha: share
      .default(0.05)
      .describe('chance, as a share, of a wrong rollback by a test, and of a wrong promotion, over the whole rollout'),
    maximumSilence: duration
      .prefault('15 minutes')
      .describe('without a comparison after which nothing is promoted and an alarm sounds'),
    lookEvery: duration
      .prefault('30 seconds')
      .describe('between two looks at a stage; the gateway itself looks at every observation'),
    holdBackPercent: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe('percent of client traffic that stays on FP32 at every stage, the last too'),
    router: routerConfig.optional().describe('what splits the clients, where it is not the gateway (docs/routers.md)'),
    remotes: remoteArms
      .optional()
      .describe('servers of the same models elsewhere; the gateway runs those that are not named (docs/gateway.md)'),
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
  days: z
    .number()
    .min(0)
    .max(3650)
    .optional()
    .meta({ description: 'length of the window; 0 for none. Left out, the package’s', examples: [30] }),
  day: duration
    .prefault('1 day')
    .describe('how long a day lasts; shorter only for a demonstration, and the report says so'),
  looksPerDay: z.number().int().positive().max(1_440).default(24).describe('how often a day the counts are judged'),
  daysPerReport: z.number().positive().default(7).describe('days between two pages and mails to the approvers'),
  sample: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe('share of requests that still run on both arms: what the guard costs'),
  alpha: share.default(0.05).describe('chance, as a share, of a false alarm over the whole window'),
  onAlarm: z
    .enum(['rollback', 'incident'])
    .default('rollback')
    .describe('incident leaves it to a person to take the candidate out'),
  reoptimizeAtPsi: z
    .number()
    .min(0)
    .max(10)
    .default(0.25)
    .describe(
      'drift of FP32’s classes (population stability index) at which another engagement is proposed; 0 for never'
    ),
});

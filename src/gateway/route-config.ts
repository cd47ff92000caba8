import { z } from 'zod';
import { PROVIDERS } from '../domain/measurement.ts';
import { remoteArms, routerConfig } from '../domain/router.ts';
import type { RouteConfig } from '../domain/traffic.ts';
import { Refusal } from './errors.ts';

/** Rates at which a test of a share still has room on both sides. */
const budget = z.number().gt(0).max(0.9);
const alpha = z.number().gt(0).lt(1);
const artifact = z.object({
  uri: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  bytes: z.number().int().positive(),
});

const routeConfig = z.object({
  model: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'use letters, digits, dots, hyphens and underscores'),
  rollout: z.string().min(1).max(300),
  twin: artifact,
  candidate: artifact,
  options: z.object({
    threads: z.number().int().positive(),
    provider: z.enum(PROVIDERS).optional(),
    spinning: z.boolean().optional(),
  }),
  seed: z.number().int().min(0).max(0xffffffff),
  unitHeader: z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of an HTTP header'),
  shadowSample: z.number().min(0).max(1),
  labels: z.array(z.string().min(1)).min(2),
  silenceMs: z.number().int().positive().optional(),
  judge: z
    .object({
      margin: budget,
      harmMargin: z.number().min(0).max(0.9).optional(),
      disagreementBudget: budget,
      errorBudget: budget,
      alphaRollback: alpha,
      alphaPromote: alpha,
      harmBets: z.array(z.number().gt(0).lt(1)).min(1).max(50).optional(),
      guardrails: z
        .object({
          slowMargin: budget,
          slowdown: z.number().min(1).optional(),
          wrongRate: budget,
          twinDropMargin: budget,
        })
        .optional(),
    })
    .refine(({ margin, harmMargin = 0 }) => harmMargin < margin, {
      path: ['harmMargin'],
      message: 'must be below the margin, or a candidate could be promoted and rolled back on the same evidence',
    }),
  remotes: remoteArms.optional(),
  router: routerConfig.optional(),
});

const weightChange = z.object({
  weight: z.number().int('must be in whole basis points').min(0).max(10_000),
  stage: z.string().min(1).max(100),
  /** Share of requests that run on both arms from now on; as before where it is not given. */
  sample: z.number().min(0).max(1).optional(),
});

const tripOrder = z.object({ reason: z.string().min(1).max(2_000), by: z.string().min(1).max(200) });

/** Checks what `PUT /control/models/:model` was given; all problems at once, with their paths. */
export function readRouteConfig(model: string, body: unknown): RouteConfig {
  const config = parse(routeConfig, body, 422);
  if (config.model === model) return config;
  throw new Refusal(422, `the path names model '${model}' and the body '${config.model}'`);
}

export const readWeightChange = (body: unknown) => parse(weightChange, body, 400);
export const readTripOrder = (body: unknown) => parse(tripOrder, body, 400);

function parse<T extends z.ZodType>(schema: T, body: unknown, status: number): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new Refusal(status, problems.join('; '));
}

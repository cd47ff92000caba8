import { LATENCY, THROUGHPUT } from './measurement-plan.ts';
import { PACKAGES } from './packages.ts';
import { ptqPlan } from './recipes.ts';
import type { Spec } from './spec.ts';
import { plannedDays } from './support.ts';

/** Milliseconds, from what must happen to what may. */
interface DurationRange {
  least: number;
  most: number;
}

export interface ExpectedDuration {
  /** Running models on this host; making the candidates, and training, come on top. */
  measuring: DurationRange;
  /** Stages of the rollout, as the specification allows them; null where the package has none. */
  rollout: DurationRange | null;
  support: number | null;
  /** Gates of phases that wait for people, and how long each may. */
  gates: number;
  gateExpiresMs: number;
}

const MORE_CANDIDATES = 5; // of the optimization phase: two variants, two other calibrations, one mixed
const PROBES = 3; // of a load test that ends as soon as it can
const LATENCY_RUNS = LATENCY.rounds + LATENCY.blocks * LATENCY.warmup;
const THROUGHPUT_RUNS = THROUGHPUT.maxRequests + THROUGHPUT.warmup;
const UTILIZATION = 0.6; // a load test sends below what one session can take

/**
 * How long an engagement takes, from the time of one row on the model of today: runs of the model that the phases make,
 * with candidates taken to be as slow as it. `rows` are those of selection and hold-out.
 */
export function expectedDuration(
  spec: Spec,
  rows: { selection: number; holdout: number },
  rowMs: number
): ExpectedDuration {
  const { optimizes, rollsOut } = PACKAGES[spec.package];
  const candidates = ptqPlan(spec).length;
  const baseline = rows.selection + 2 * LATENCY_RUNS + THROUGHPUT_RUNS;
  const candidate = rows.selection + 3 * LATENCY_RUNS + 2 * THROUGHPUT_RUNS;
  const { firstQueries, maximumQueries, maximumProbes } = spec.loadTest;
  const load = (queries: number) => (2 * queries) / UTILIZATION; // of today's model and of the chosen one
  const runs = (candidates: number, queries: number) =>
    baseline + candidates * candidate + 2 * rows.holdout + load(queries);
  const days = plannedDays(spec);
  return {
    measuring: {
      least: rowMs * runs(candidates, Math.min(PROBES, maximumProbes) * firstQueries),
      most: rowMs * runs(candidates + (optimizes ? MORE_CANDIDATES : 0), maximumProbes * maximumQueries),
    },
    rollout: rollsOut ? rolloutDuration(spec.rollout) : null,
    support: rollsOut ? days * spec.support.day : null,
    gates: (rollsOut ? 4 : 3) + (rollsOut && days > 0 ? 1 : 0) + (rollsOut ? spec.rollout.approvalBefore.length : 0),
    gateExpiresMs: spec.gates.expireAfter,
  };
}

function rolloutDuration({ stages, minimumHold, maximumHold }: Spec['rollout']): DurationRange {
  const holds = stages.length + 1; // and the shadow stage
  return { least: holds * minimumHold, most: holds * maximumHold };
}

import type { ExpectedSearch } from './load/expected-search.ts';
import { LATENCY, THROUGHPUT } from './measurement-plan.ts';
import { PACKAGES } from './packages.ts';
import { ptqPlan } from './recipes.ts';
import type { Spec } from './spec.ts';
import { plannedDays } from './support.ts';
import { measureOf } from './tasks.ts';

/** From what must happen to what may; milliseconds where nothing else is said. */
interface DurationRange {
  least: number;
  most: number;
}

export interface ExpectedDuration {
  /** Running models on this host; making the candidates, and training, come on top. */
  measuring: DurationRange;
  /** What the range of measuring comes from. */
  candidates: DurationRange;
  /** Of `measuring`, the load tests of today's model and of the chosen one; a list of replicas is searched for each. */
  loadTests: DurationRange & { mostProbes: number; mostQueries: number; holds: boolean };
  /** Stages of the rollout, as the specification allows them; null where the package has none. */
  rollout: (DurationRange & { stages: number }) | null;
  support: number | null;
  /** Gates of phases that wait for people, and how long each may. */
  gates: number;
  gateExpiresMs: number;
}

const MORE_CANDIDATES = 5; // of the optimization phase: two variants, two other calibrations, one mixed
const LATENCY_RUNS = LATENCY.rounds + LATENCY.blocks * LATENCY.warmup;
const THROUGHPUT_RUNS = THROUGHPUT.maxRequests + THROUGHPUT.warmup;

/**
 * How long an engagement takes, from the time of one row on the model of today: runs of the model that the phases make,
 * with candidates taken to be as slow as it. `rows` are those of selection and hold-out, `search` one load test of it.
 */
export function expectedDuration(
  spec: Spec,
  rows: { selection: number; holdout: number },
  rowMs: number,
  search: ExpectedSearch
): ExpectedDuration {
  const { optimizes, rollsOut } = PACKAGES[spec.package];
  const planned = ptqPlan(spec).length;
  const candidates = { least: planned, most: planned + (optimizes ? MORE_CANDIDATES : 0) };
  const asked = measureOf(spec.quality) === 'correlation' ? 2 : 1; // texts of a row
  const baseline = asked * rows.selection + 2 * LATENCY_RUNS + THROUGHPUT_RUNS;
  const candidate = asked * rows.selection + 3 * LATENCY_RUNS + 2 * THROUGHPUT_RUNS;
  const { maximumQueries, maximumProbes, replicas } = spec.loadTest;
  const searches = 2 * new Set([replicas].flat()).size; // of today's model and of the chosen one
  const loadTests = {
    ...{ least: searches * search.least, most: searches * search.most, holds: search.holds },
    ...{ mostProbes: maximumProbes, mostQueries: maximumQueries },
  };
  const runs = (candidates: number) => rowMs * (baseline + candidates * candidate + 2 * asked * rows.holdout);
  const days = plannedDays(spec);
  return {
    measuring: {
      least: runs(candidates.least) + loadTests.least,
      most: runs(candidates.most) + loadTests.most,
    },
    candidates,
    loadTests,
    rollout: rollsOut ? rolloutDuration(spec.rollout) : null,
    support: rollsOut ? days * spec.support.day : null,
    gates: (rollsOut ? 4 : 3) + (rollsOut && days > 0 ? 1 : 0) + (rollsOut ? spec.rollout.approvalBefore.length : 0),
    gateExpiresMs: spec.gates.expireAfter,
  };
}

function rolloutDuration({ stages, minimumHold, maximumHold }: Spec['rollout']): ExpectedDuration['rollout'] {
  const holds = stages.length + 1; // and the shadow stage
  return { least: holds * minimumHold, most: holds * maximumHold, stages: holds };
}

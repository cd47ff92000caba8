import { queriesNeeded, streamEstimateRank } from '../../src/domain/statistics/early-stopping.ts';
import { compareVerdicts, SCENARIOS } from '../../test/domain/load/independent-verdict.ts';
import golden from '../../test/golden/golden.json' with { type: 'json' };
import type { Figure } from '../figure.ts';

const VECTORS = 200; // of each scenario

/** Early stopping against the values computed with LoadGen's own code. */
export async function ruleFigures(): Promise<Figure[]> {
  const { rows } = golden.loadgen_early_stopping;
  const estimates = golden.loadgen_stream_estimate.rows;
  const wrong =
    rows.filter(({ percentile, t, queries }) => queriesNeeded({ percentile, over: t }) !== queries).length +
    estimates.filter(({ percentile, n, tStar }) => streamEstimateRank({ percentile, queries: n }) !== tStar).length;
  const name = `early stopping: values of ${rows.length + estimates.length} that differ from LoadGen's`;
  const differing = SCENARIOS.reduce((sum, scenario) => sum + compareVerdicts(scenario, VECTORS).differing.length, 0);
  const vectors = `verdicts and estimates of ${SCENARIOS.length} x ${VECTORS} vectors that differ from an independent implementation`;
  return [
    { name, value: wrong, unit: 'values', goal: 0, peer: null },
    { name: vectors, value: differing, unit: 'vectors', goal: 0, peer: null },
  ];
}

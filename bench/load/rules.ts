import { queriesNeeded, streamEstimateRank } from '../../src/domain/statistics/early-stopping.ts';
import golden from '../../test/golden/golden.json' with { type: 'json' };
import type { Figure } from './figure.ts';

/** Early stopping against the values computed with LoadGen's own code. */
export async function ruleFigures(): Promise<Figure[]> {
  const { rows } = golden.loadgen_early_stopping;
  const estimates = golden.loadgen_stream_estimate.rows;
  const wrong =
    rows.filter(({ percentile, t, queries }) => queriesNeeded({ percentile, over: t }) !== queries).length +
    estimates.filter(({ percentile, n, tStar }) => streamEstimateRank({ percentile, queries: n }) !== tStar).length;
  const name = `early stopping: values of ${rows.length + estimates.length} that differ from LoadGen's`;
  return [{ name, value: wrong, unit: 'values', goal: 0, peer: null }];
}

import type { Recipe, Scheme } from './recipe.ts';
import { type PlannedCandidate, runsThere } from './recipes.ts';
import type { Spec } from './spec.ts';

/** A scale for so many values: lookup tables lose little by sharing more. */
const TABLE_BLOCK = 128;

/**
 * For a limit of size that INT8 does not meet: weights and lookup tables alone in ever fewer bits, each list to be tried
 * only when nothing before holds every requirement. 2-bit weights come after INT4, and their lookup tables stay in INT4.
 */
export function smallPlans(spec: Spec): PlannedCandidate[][] {
  if (spec.quality.maximumSizeMb === undefined) return [];
  const plans = [
    [planned('int4-weight-small', 'int4-weight', 32, 32), planned('int4-weight-smallest', 'int4-weight', 128)],
    [32, 64, 128].map((block) => planned(`int2-weight-${block}`, 'int2-weight', block)),
  ];
  return plans.map((plan) => plan.filter(({ recipe }) => runsThere(spec, recipe.scheme)));
}

function planned(id: string, scheme: Scheme, blockSize: number, embeddingsBlockSize = TABLE_BLOCK): PlannedCandidate {
  const options: Recipe['options'] = { embeddings: true, blockSize, embeddingsBlockSize };
  return { id, recipe: { toolkit: 'onnxruntime', scheme, options } };
}

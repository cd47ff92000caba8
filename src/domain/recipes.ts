import type { CandidateResult } from './engagement.ts';
import type { Recipe, Scheme } from './recipe.ts';
import type { Spec } from './spec.ts';

export interface PlannedCandidate {
  id: string;
  recipe: Recipe;
}

const TRIALS_IN_OPTIMIZATION = 2; // keeps the phase to minutes

/** One recipe per scheme, INT4 last: it is tried only after an INT8 candidate has a verdict. */
export function ptqPlan(spec: Spec, schemes: readonly Scheme[]): PlannedCandidate[] {
  const ordered = [...schemes].sort((a, b) => Number(a === 'int4-weight') - Number(b === 'int4-weight'));
  return ordered.map((scheme) => ({ id: scheme, recipe: standardRecipe(spec, scheme) }));
}

/** Variants of what the PTQ gate let through, those of the fastest first. */
export function optimizationPlan(spec: Spec, released: CandidateResult[]): PlannedCandidate[] {
  return [...released]
    .filter((candidate) => candidate.figures)
    .sort((a, b) => b.figures!.speedup - a.figures!.speedup)
    .flatMap((candidate) => variantOf(spec, candidate))
    .slice(0, TRIALS_IN_OPTIMIZATION);
}

/** The fastest candidate among those that hold every requirement. */
export function fastest(candidates: CandidateResult[]): CandidateResult | undefined {
  return candidates
    .filter((candidate) => candidate.verdict === 'successful' && candidate.figures)
    .sort((a, b) => b.figures!.speedup - a.figures!.speedup)[0];
}

/** `custom-1` and so on for recipes that a person added by `revise`. */
export function customPlan(recipes: Recipe[]): PlannedCandidate[] {
  return recipes.map((recipe, index) => ({ id: `custom-${index + 1}`, recipe }));
}

function standardRecipe(spec: Spec, scheme: Scheme): Recipe {
  const recipe: Recipe = { toolkit: 'onnxruntime', scheme };
  if (scheme === 'int8-static')
    return {
      ...recipe,
      calibration: { role: 'calibration', rows: spec.calibration.rows, method: spec.calibration.method },
    };
  return recipe;
}

function variantOf(spec: Spec, { id, scheme }: CandidateResult): PlannedCandidate[] {
  const recipe = standardRecipe(spec, scheme);
  if (scheme === 'int8-dynamic')
    return [{ id: `${id}-per-channel`, recipe: { ...recipe, options: { perChannel: true } } }];
  if (scheme === 'int8-static')
    return [{ id: `${id}-per-tensor`, recipe: { ...recipe, options: { perChannel: false } } }];
  if (scheme === 'int4-weight')
    return [{ id: `${id}-embeddings`, recipe: { ...recipe, options: { embeddings: true } } }];
  return [];
}

import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { HostFingerprint, SessionOptions } from '../domain/measurement.ts';
import type { Recipe } from '../domain/recipe.ts';
import type { QualitySpec } from '../domain/spec.ts';
import { sha256 } from '../storage/artifacts.ts';

/** Everything that a measured figure depends on; a change of any of it is another trial. */
export interface TrialIngredients {
  model: ArtifactRef;
  recipe: Recipe;
  calibration: PreparedData;
  selection: PreparedData;
  probe: { versions: Record<string, string>; instructionSets: string[]; gpu: string | null };
  /** What evaluates and times it, and how. */
  host: HostFingerprint;
  options: SessionOptions;
}

/** A trial that was given up is one for these requirements only. */
export const givenUpKey = (
  trial: string,
  { minimumIntegerCoverage, maximumSizeMb, minimumSpeedup }: QualitySpec
): string => sha256(canonicalJson({ kind: 'given-up', trial, minimumIntegerCoverage, maximumSizeMb, minimumSpeedup }));

export function keyOf({ model, recipe, calibration, selection, ...conditions }: TrialIngredients): string {
  const dataOf = ({ arrow, rowsSha256, tokenizerSha256 }: PreparedData) => [arrow.sha256, rowsSha256, tokenizerSha256];
  const { evaluator, reading } = selection;
  return sha256(
    canonicalJson({
      model: model.sha256,
      recipe,
      calibration: recipe.calibration ? dataOf(calibration) : null,
      selection: dataOf(selection),
      ...(evaluator && { evaluator }),
      ...(reading && { reading }),
      ...conditions,
    })
  );
}

import type { DataRole, PreparedData } from '../../src/domain/artifact.ts';
import type { CandidateResult, EngagementInput, EngagementState } from '../../src/domain/engagement.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { measurement } from '../../src/workflows/activities.ts';
import { candidate } from '../../src/workflows/candidate.ts';
import { runChild } from '../../src/workflows/child.ts';
import { findSensitive, mixedRecipe } from '../../src/workflows/sensitivity.ts';

export { candidate };

/** The phases' search without their gates: a candidate that loses too much, what it must keep, and the mixed one. */
export async function search(input: EngagementInput, state: EngagementState): Promise<EngagementState> {
  const { spec } = input;
  const { engagement } = spec;
  const { calibration, selection } = state.preparation!.data as Record<DataRole, PreparedData>;
  const model = input.sources.model;
  const baseline = await measurement.measureBaseline({ engagement, spec, model, selection });
  state.baseline = baseline;
  const tried = async (id: string, recipe: Recipe): Promise<CandidateResult> => {
    const job = { engagement, id, phase: 'ptq' as const, recipe, spec, sources: input.sources };
    const args: Parameters<typeof candidate> = [{ ...job, baseline, calibration, selection }];
    const found = await runChild(candidate, { workflowId: `${engagement}/${id}`, staticSummary: id, args });
    state.candidates.push(found);
    return found;
  };
  const whole = await tried('int8-dynamic', { toolkit: 'onnxruntime', scheme: 'int8-dynamic' });
  state.sensitivity = await findSensitive(input, state, whole);
  await tried('int8-dynamic-mixed', mixedRecipe(whole.recipe, state.sensitivity)!);
  return state;
}

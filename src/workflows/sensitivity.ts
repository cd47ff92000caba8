import { setCurrentDetails } from '@temporalio/workflow';
import type { CandidateResult, EngagementInput, EngagementState } from '../domain/engagement.ts';
import type { Recipe } from '../domain/recipe.ts';
import { sensitiveSet } from '../domain/search/sensitive-set.ts';
import type { Sensitivity } from '../domain/search/sensitivity.ts';
import { measurement, toolkit } from './activities.ts';

const EVALUATIONS = 12;

/** Finds what a candidate that lost too much must keep in FP32; every evaluation is in the ledger when it returns. */
export async function findSensitive(
  { sources }: EngagementInput,
  { spec, preparation, baseline }: EngagementState,
  { id, recipe }: CandidateResult
): Promise<Sensitivity> {
  const { engagement } = spec;
  const data = { calibration: preparation!.data.calibration!, selection: preparation!.data.selection! };
  setCurrentDetails(`Ranking the layers of \`${id}\` by what each does to the answers`);
  const { groups } = await toolkit.rankSensitivity.executeWithOptions({ summary: id }, [
    { engagement, spec, recipe, sources, ...data },
  ]);
  const nodesOf = new Map(groups.map(({ name, nodes }) => [name, nodes]));
  const evaluations: Sensitivity['evaluations'] = [];
  const search = sensitiveSet(
    groups.map(({ name }) => name),
    EVALUATIONS
  );
  let step = search.next();
  while (!step.done) {
    const kept = step.value;
    const summary = `${id}, ${kept.length} of ${groups.length} groups in FP32`;
    setCurrentDetails(`Evaluation ${evaluations.length + 1} of at most ${EVALUATIONS}: \`${summary}\``);
    const part = keeping(recipe, kept, nodesOf);
    const quantized = await toolkit.quantizeCandidate.executeWithOptions({ summary }, [
      { spec, recipe: part, sources, ...data },
    ]);
    const { key: _, ...found } = await measurement.evaluateSubset.executeWithOptions({ summary }, [
      { engagement, spec, kept, baseline: baseline!, selection: data.selection, quantized },
    ]);
    evaluations.push({ ...found, kept });
    step = search.next(found.holds);
  }
  const { excluded, isExact } = step.value;
  return {
    candidate: id,
    groups: groups.map((group) => ({ ...group, isKept: excluded.includes(group.name) })),
    evaluations,
    isExact,
  };
}

/** The recipe that keeps the sensitive groups in FP32; undefined when that would be all of them. */
export function mixedRecipe(recipe: Recipe, { groups }: Sensitivity): Recipe | undefined {
  const kept = groups.filter(({ isKept }) => isKept);
  if (kept.length === groups.length) return undefined;
  return keeping(
    recipe,
    kept.map(({ name }) => name),
    new Map(kept.map(({ name, nodes }) => [name, nodes]))
  );
}

function keeping(recipe: Recipe, names: string[], nodesOf: Map<string, string[]>): Recipe {
  const exclude = [...(recipe.exclude ?? []), ...names.flatMap((name) => nodesOf.get(name)!)];
  return exclude.length > 0 ? { ...recipe, exclude } : recipe;
}

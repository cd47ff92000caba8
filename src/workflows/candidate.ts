import { ActivityFailure, isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { PreparedData } from '../domain/artifact.ts';
import type { CandidateResult, Phase, SourceFiles } from '../domain/engagement.ts';
import { lastWords } from '../domain/errors.ts';
import type { BaselineMeasurement } from '../domain/measurement.ts';
import { isTrained, type Recipe } from '../domain/recipe.ts';
import type { Spec } from '../domain/spec.ts';
import { measurement, records, toolkit, training } from './activities.ts';
import { show } from './search-attributes.ts';

export interface CandidateInput {
  engagement: string;
  id: string;
  phase: Phase;
  recipe: Recipe;
  spec: Spec;
  sources: SourceFiles;
  baseline: BaselineMeasurement;
  calibration: PreparedData;
  selection: PreparedData;
  /** Of a recipe that is trained. */
  train?: PreparedData | undefined;
}

/** One recipe: quantize, measure, judge. A recipe that cannot be made or measured ends with verdict `error`. */
export async function candidate(input: CandidateInput): Promise<CandidateResult> {
  show({ phase: input.phase });
  const result = await measured(input);
  show({ verdict: result.verdict });
  setCurrentDetails(`**${result.verdict}**: ${result.reason}`);
  return result;
}

async function measured(input: CandidateInput): Promise<CandidateResult> {
  const { id, recipe } = input;
  try {
    const record = isTrained(recipe) ? await trained(input) : undefined;
    const sources = record ? { ...input.sources, model: record.model } : input.sources;
    setCurrentDetails(`Quantizing \`${id}\` (${recipe.scheme}) with ${recipe.toolkit}`);
    const quantized = await toolkit.quantizeCandidate.executeWithOptions({ summary: id }, [{ ...input, sources }]);
    setCurrentDetails(`Measuring \`${id}\` beside FP32`);
    const trial = await measurement.measureCandidate.executeWithOptions({ summary: id }, [{ ...input, quantized }]);
    const result = await records.judgeCandidate({ ...input, trial });
    return record ? { ...result, training: record } : result;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return await records.recordUnmeasured({ ...input, lastWords: lastWords(error) });
  }
}

async function trained({ engagement, id, recipe, sources, calibration, selection, train }: CandidateInput) {
  setCurrentDetails(`Training \`${id}\` with ${recipe.toolkit}`);
  const job = { engagement, recipe, model: sources.model, calibration, selection, train: train! };
  return training.trainCandidate.executeWithOptions({ summary: id }, [job]);
}

import type { PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { BaselineMeasurement } from '../domain/measurement.ts';
import type { SubsetEvaluation } from '../domain/search/sensitivity.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { evaluateRows } from '../inference/evaluate.ts';
import { readPredictions } from '../inference/predictions.ts';
import { type ArtifactStore, sha256 } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import type { Ledger } from '../storage/ledger.ts';
import { whileBeating } from './heartbeat.ts';
import { permanentIfModels } from './model-fault.ts';
import type { Quantized } from './toolkit.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  ledger: Ledger;
  journalOf: (engagement: string) => Journal;
}

/** Whether a partly quantized model holds the margin, on no more rows than it takes. */
export const createEvaluationActivities = ({ artifacts, ledger, journalOf }: Dependencies) => ({
  async evaluateSubset(input: {
    engagement: string;
    spec: Spec;
    /** Names of the groups kept in FP32, for the journal. */
    kept: string[];
    baseline: BaselineMeasurement;
    selection: PreparedData;
    quantized: Quantized;
  }): Promise<SubsetEvaluation> {
    const { engagement, spec, kept, baseline, selection, quantized } = input;
    const { marginPoints, confidence } = spec.quality;
    const test = { margin: marginPoints / 100, alpha: 1 - confidence };
    const key = sha256(canonicalJson({ kind: 'evaluation', trial: quantized.key, ...test }));
    const evaluate = () =>
      whileBeating(async (beat, signal) => {
        const found = await evaluateRows({
          modelPath: await artifacts.verified(quantized.quantized.model),
          dataPath: await artifacts.verified(selection.arrow),
          options: sessionOptionsOf(spec),
          baseline: readPredictions(await artifacts.verified(baseline.predictions.arrow)).top1,
          ...test,
          signal,
          onProgress: (progress) => beat({ stage: 'evaluate', ...progress }),
        });
        return ledger.record<SubsetEvaluation>({ key, ...found });
      }).catch((error) => {
        throw permanentIfModels(error);
      });
    const evaluation = (await ledger.find<SubsetEvaluation>(key)) ?? (await evaluate());
    await journalOf(engagement).append(`evaluation/${key}`, 'evaluation', { kept, ...evaluation });
    return evaluation;
  },
});

export type EvaluationActivities = ReturnType<typeof createEvaluationActivities>;

import type { PreparedData } from '../domain/artifact.ts';
import type { BaselineMeasurement } from '../domain/measurement.ts';
import { canonicalJson } from '../domain/recipe.ts';
import type { SubsetEvaluation } from '../domain/search/sensitivity.ts';
import { sequentialVerdict, withRow } from '../domain/search/sequential-verdict.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { seededRandom, shuffle } from '../domain/statistics/random.ts';
import { tangoUpperBound } from '../domain/statistics/tango.ts';
import { readDataset } from '../inference/dataset.ts';
import { answers } from '../inference/predict.ts';
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

const SEED = 1;

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
        const modelPath = await artifacts.verified(quantized.quantized.model);
        const dataPath = await artifacts.verified(selection.arrow);
        const { top1: before } = readPredictions(await artifacts.verified(baseline.predictions.arrow));
        const { labels, rows: of } = readDataset(dataPath, []);
        const order = shuffle([...labels.keys()], seededRandom(SEED));
        let counts = { plus: 0, minus: 0, zero: 0 };
        let rows = 0;
        let verdict: SubsetEvaluation['verdict'] = null;
        for await (const { row, top1 } of answers({
          modelPath,
          dataPath,
          order,
          options: sessionOptionsOf(spec),
          signal,
        })) {
          counts = withRow(counts, before[row] === labels[row], top1 === labels[row]);
          rows += 1;
          beat({ stage: 'evaluate', done: rows, total: of });
          verdict = sequentialVerdict(counts, test);
          if (verdict) break;
        }
        const { plus: lost, minus: won } = counts;
        const upper = () => tangoUpperBound({ b: lost, c: won, n: rows, confidence });
        const holds = verdict ? verdict === 'non-inferior' : upper() < test.margin;
        return ledger.record<SubsetEvaluation>({ key, rows, of, lost, won, verdict, holds });
      }).catch((error) => {
        throw permanentIfModels(error);
      });
    const evaluation = (await ledger.find<SubsetEvaluation>(key)) ?? (await evaluate());
    await journalOf(engagement).append(`evaluation/${key}`, 'evaluation', { kept, ...evaluation });
    return evaluation;
  },
});

export type EvaluationActivities = ReturnType<typeof createEvaluationActivities>;

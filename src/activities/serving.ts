import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { classesOf } from '../domain/classes.ts';
import { type RecordedAnswer, type Serving, type Signature, smokeRow } from '../domain/deployment/serving.ts';
import type { BaselineMeasurement, Trial } from '../domain/measurement.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { classify } from '../inference/classification.ts';
import { readDataset } from '../inference/dataset.ts';
import { ModelOutputInvalid } from '../inference/errors.ts';
import { type Host, startHost, type TensorDeclaration } from '../inference/host.ts';
import { datatypeOf, writeTensor } from '../inference/open-inference.ts';
import { type PredictionColumns, readPredictions } from '../inference/predictions.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import { whileBeating } from './heartbeat.ts';
import { permanentIfModels } from './model-fault.ts';

interface ServingInput {
  spec: Spec;
  baseline: BaselineMeasurement;
  /** Of the chosen candidate. */
  trial: Trial;
  selection: PreparedData;
}

const LONGEST_SHOWN = 4_000; // characters: a page

/** Tries the files that are to be served. */
export const createServingActivities = ({ artifacts }: { artifacts: ArtifactStore }) => ({
  /**
   * What the chosen model and FP32 take and give, read from their files, and one recorded row as a request. Both are
   * asked it again: `ModelOutputInvalid` where a file answers another class than when its accuracy was measured.
   */
  async tryServing({ spec, baseline, trial, selection }: ServingInput): Promise<Serving> {
    const tryBoth = async (signal: AbortSignal): Promise<Serving> => {
      const dataPath = await artifacts.verified(selection.arrow);
      const recorded = {
        candidate: readPredictions(await artifacts.verified(trial.predictions.arrow)),
        baseline: readPredictions(await artifacts.verified(baseline.predictions.arrow)),
      };
      const row = smokeRow({ ...readDataset(dataPath, []), ...recorded });
      const labels = classesOf(spec);
      const ask = (model: ArtifactRef, answers: PredictionColumns) =>
        withHost(artifacts, { model, spec, signal }, async (host) => {
          const feeds = readDataset(dataPath, host.inputs).feeds(row);
          const { outputs } = await host.run(feeds);
          const answer = repeated(classify(outputs, answers.ids[row]!), answers, row, labels);
          return { signature: signatureOf(host), feeds, answer };
        });
      const candidate = await ask(trial.quantized.model, recorded.candidate);
      const fallback = await ask(baseline.model, recorded.baseline);
      const inputs = Object.entries(candidate.feeds).map(([name, value]) => writeTensor(name, value));
      const body = canonicalJson({ inputs });
      return {
        ...candidate.signature,
        fallback: canonicalJson(fallback.signature) === canonicalJson(candidate.signature) ? null : fallback.signature,
        smoke: {
          rowId: recorded.candidate.ids[row]!,
          request: await artifacts.putJson({ inputs }),
          body: body.length <= LONGEST_SHOWN ? body : null,
          candidate: candidate.answer,
          baseline: fallback.answer,
        },
      };
    };
    return whileBeating((_beat, signal) => tryBoth(signal)).catch((error) => {
      throw permanentIfModels(error);
    });
  },
});

export type ServingActivities = ReturnType<typeof createServingActivities>;

async function withHost<T>(
  artifacts: ArtifactStore,
  { model, spec, signal }: { model: ArtifactRef; spec: Spec; signal: AbortSignal },
  action: (host: Host) => Promise<T>
): Promise<T> {
  const host = await startHost({ modelPath: await artifacts.verified(model), options: sessionOptionsOf(spec), signal });
  try {
    return await action(host);
  } finally {
    await host.close();
  }
}

function repeated(
  now: { top1: number; score: number },
  { ids, top1, scores }: PredictionColumns,
  row: number,
  labels: string[]
): RecordedAnswer {
  const recorded = top1[row]!;
  if (now.top1 !== recorded)
    throw new ModelOutputInvalid(`row '${ids[row]}' was class ${recorded} when it was measured and is ${now.top1} now`);
  const score = scores[row]!;
  return {
    top1: recorded,
    label: labels[recorded] ?? String(recorded),
    score,
    repeatedWithin: Math.abs(now.score - score),
  };
}

function signatureOf({ inputs, outputs }: Host): Signature {
  const served = ({ name, type, shape }: TensorDeclaration) => ({ name, type, datatype: datatypeOf(type), shape });
  return { inputs: inputs.map(served), outputs: outputs.map(served) };
}

import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { classesOf } from '../domain/classes.ts';
import {
  type RecordedAnswer,
  type RecordedOutputs,
  type Serving,
  type Signature,
  smokeRow,
} from '../domain/deployment/serving.ts';
import type { BaselineMeasurement, Trial } from '../domain/measurement.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { isScored, measureOf } from '../domain/tasks.ts';
import { classify, halfToNumber } from '../inference/classification.ts';
import { type Dataset, readDataset } from '../inference/dataset.ts';
import { digestOf, SAME_DIGEST } from '../inference/digest.ts';
import { ModelOutputInvalid } from '../inference/errors.ts';
import { type Host, startHost, type TensorDeclaration } from '../inference/host.ts';
import { datatypeOf, writeTensor } from '../inference/open-inference.ts';
import type { Outputs } from '../inference/predict.ts';
import {
  type PredictionColumns,
  readDigests,
  readPredictions,
  readScores,
  type ScoreColumns,
} from '../inference/predictions.ts';
import type { TensorValue } from '../inference/protocol.ts';
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
const SHOWN = 4; // elements of an output

/** Tries the files that are to be served. */
export const createServingActivities = ({ artifacts }: { artifacts: ArtifactStore }) => ({
  /**
   * What the chosen model and FP32 take and give, read from their files, and one recorded row as a request. Both are
   * asked it again: `ModelOutputInvalid` where a file answers another class than when its accuracy was measured.
   */
  async tryServing({ spec, baseline, trial, selection }: ServingInput): Promise<Serving> {
    const tryBoth = async (signal: AbortSignal): Promise<Serving> => {
      const dataPath = await artifacts.verified(selection.arrow);
      const paths = {
        candidate: await artifacts.verified(trial.predictions.arrow),
        baseline: await artifacts.verified(baseline.predictions.arrow),
      };
      const data = readDataset(dataPath, []);
      const recorded = isScored(spec.quality)
        ? recordedScores(data, paths, spec.quality)
        : recordedClasses(data, paths, spec);
      const { row } = recorded;
      const ask = (model: ArtifactRef, repeated: Repeated) =>
        withHost(artifacts, { model, spec, signal }, async (host) => {
          const feeds = readDataset(dataPath, host.inputs).feeds(row);
          const { outputs } = await host.run(feeds);
          return { signature: signatureOf(host), feeds, answer: repeated(outputs) };
        });
      const candidate = await ask(trial.quantized.model, recorded.candidate);
      const fallback = await ask(baseline.model, recorded.baseline);
      const inputs = Object.entries(candidate.feeds).map(([name, value]) => writeTensor(name, value));
      const body = canonicalJson({ inputs });
      return {
        ...candidate.signature,
        fallback: canonicalJson(fallback.signature) === canonicalJson(candidate.signature) ? null : fallback.signature,
        smoke: {
          rowId: data.ids[row]!,
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

/** What an answer is now, held against the recorded one. */
type Repeated = (outputs: Outputs) => RecordedAnswer;
type Recorded = { row: number } & Record<'candidate' | 'baseline', Repeated>;
type Paths = Record<'candidate' | 'baseline', string>;

function recordedClasses({ labels: truth, lengthOf }: Dataset, paths: Paths, spec: Spec): Recorded {
  const candidate = readPredictions(paths.candidate);
  const baseline = readPredictions(paths.baseline);
  const isRight = (row: number) => candidate.top1[row] === truth[row] && baseline.top1[row] === truth[row];
  const row = smokeRow({ sure: candidate.margins, isRight, lengthOf });
  const labels = classesOf(spec);
  const repeated =
    ({ ids, top1, scores }: PredictionColumns): Repeated =>
    (outputs) => {
      const id = ids[row]!;
      const now = classify(outputs, id);
      const recorded = top1[row]!;
      if (now.top1 !== recorded)
        throw new ModelOutputInvalid(`row '${id}' was class ${recorded} when it was measured and is ${now.top1} now`);
      const score = scores[row]!;
      const label = labels[recorded] ?? String(recorded);
      return { top1: recorded, label, score, repeatedWithin: Math.abs(now.score - score) };
    };
  return { row, candidate: repeated(candidate), baseline: repeated(baseline) };
}

function recordedScores({ lengthOf }: Dataset, paths: Paths, quality: Spec['quality']): Recorded {
  const candidate = recordedRows(paths.candidate, quality);
  const sure = candidate.scores ?? new Float64Array(candidate.ids.length); // a vector alone has no score
  const row = smokeRow({ sure, isRight: () => true, lengthOf });
  const repeated =
    ({ ids, scores, digests }: ReturnType<typeof recordedRows>): Repeated =>
    (outputs) => {
      const id = ids[row]!;
      const recorded = digests[row]!;
      const repeatedWithin = recorded === 0 ? 0 : Math.abs(digestOf(outputs, id) / recorded - 1);
      if (repeatedWithin > SAME_DIGEST)
        throw new ModelOutputInvalid(`row '${id}' is answered otherwise than when it was measured`);
      return {
        ...(scores && { score: scores[row]! }),
        outputs: Object.entries(outputs).map(beginning),
        repeatedWithin,
      };
    };
  return { row, candidate: repeated(candidate), baseline: repeated(recordedRows(paths.baseline, quality)) };
}

const recordedRows = (
  path: string,
  quality: Spec['quality']
): Pick<ScoreColumns, 'ids' | 'digests'> & { scores?: Float64Array } =>
  measureOf(quality) === 'mean' ? readScores(path, quality) : readDigests(path);

function beginning([name, { type, dims, data }]: [string, TensorValue]): RecordedOutputs['outputs'][number] {
  const first = [...data.slice(0, SHOWN)];
  const begins = type === 'float16' ? first.map((bits) => halfToNumber(bits as number)) : first.map(Number);
  return { name, shape: dims, begins };
}

function signatureOf({ inputs, outputs }: Host): Signature {
  const served = ({ name, type, shape }: TensorDeclaration) => ({ name, type, datatype: datatypeOf(type), shape });
  return { inputs: inputs.map(served), outputs: outputs.map(served) };
}

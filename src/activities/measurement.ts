import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { type Efficiency, efficiencyChecks } from '../domain/gates.ts';
import { summarizeBaseline, summarizeLatency } from '../domain/latency.ts';
import type { BaselineMeasurement, GivenUp, LatencyComparison, Predictions, Trial } from '../domain/measurement.ts';
import { LATENCY, THROUGHPUT } from '../domain/measurement-plan.ts';
import { isMadeForGpu, type Recipe } from '../domain/recipe.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { combine } from '../domain/verdict.ts';
import { predictEmbeddings } from '../inference/embedding.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { compareLatency, measureLatency } from '../inference/latency.ts';
import { measureMemory } from '../inference/memory.ts';
import { type PredictInput, predict, predictScores } from '../inference/predict.ts';
import { predictAnswers } from '../inference/question-answering.ts';
import { compareThroughput, measureThroughput } from '../inference/throughput.ts';
import { type ArtifactStore, sha256 } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import type { Ledger } from '../storage/ledger.ts';
import { whileBeating } from './heartbeat.ts';
import { permanentIfModels } from './model-fault.ts';
import { withScorer } from './scorer.ts';
import type { Quantized } from './toolkit.ts';
import { givenUpKey } from './trial-key.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  ledger: Ledger;
  journalOf: (engagement: string) => Journal;
  workFolder: string;
  /** Of the evaluators that people bring. */
  python: string;
}

const THROUGHPUT_BLOCKS = 4;

/** What a step of a measurement runs with: its name goes with its progress. */
type Step = (stage: string) => { signal: AbortSignal; onProgress: (progress: object) => void };

/** What is measured on this host: one fresh process per model and measurement, nothing else beside it. */
export const createMeasurementActivities = ({ artifacts, ledger, journalOf, workFolder, python }: Dependencies) => {
  /** Runs with a scratch folder and a heartbeat; a model's own fault is permanent, the host's is not. */
  async function measuring<T>(work: (scratch: string, step: Step) => Promise<T>): Promise<T> {
    const scratch = join(workFolder, randomUUID());
    await mkdir(scratch, { recursive: true });
    try {
      return await whileBeating((beat, signal) =>
        work(scratch, (stage) => ({ signal, onProgress: (progress) => beat({ stage, ...progress }) }))
      );
    } catch (error) {
      throw permanentIfModels(error);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async function predicted(
    model: ArtifactRef,
    data: PreparedData,
    spec: Spec,
    outPath: string,
    run: ReturnType<Step>
  ): Promise<Predictions> {
    const [modelPath, dataPath] = await Promise.all([artifacts.verified(model), artifacts.verified(data.arrow)]);
    const asked = { modelPath, dataPath, outPath, options: sessionOptionsOf(spec), ...run };
    const { rows } = await answered(data, asked);
    return { arrow: await artifacts.putFile(outPath), rows };
  }

  /** Every row once, its answer read as the data says. */
  async function answered(
    { evaluator, reading }: PreparedData,
    asked: PredictInput & { signal: AbortSignal }
  ): Promise<{ rows: number }> {
    if (reading?.kind === 'span') return predictAnswers({ ...asked, ...reading });
    if (reading?.kind === 'embedding') return predictEmbeddings({ ...asked, reading });
    if (!evaluator) return predict(asked);
    const scratch = `${asked.outPath}.evaluator`;
    return withScorer({ artifacts, python, evaluator, scratch, ...asked }, (score) =>
      predictScores({ ...asked, score })
    );
  }

  return {
    async measureBaseline(input: {
      engagement: string;
      spec: Spec;
      model: ArtifactRef;
      selection: PreparedData;
    }): Promise<BaselineMeasurement> {
      const { engagement, spec, model, selection } = input;
      const host = await hostFingerprint();
      const options = sessionOptionsOf(spec);
      const { arrow, evaluator, reading } = selection;
      const scored = { ...(evaluator && { evaluator }), ...(reading && { reading }) };
      const basis = { model: model.sha256, selection: arrow.sha256, options, host, ...scored };
      const key = sha256(canonicalJson(basis));
      const measure = () =>
        measuring(async (scratch, step) => {
          const started = performance.now();
          const predictions = await predicted(model, selection, spec, join(scratch, 'predictions.arrow'), step('row'));
          const [modelPath, dataPath] = [artifacts.path(model), artifacts.path(selection.arrow)];
          const rounds = await measureLatency({
            baselinePath: modelPath,
            dataPath,
            options,
            ...LATENCY,
            ...step('latency, round'),
          });
          const throughput = await measureThroughput({
            modelPath,
            dataPath,
            options,
            ...THROUGHPUT,
            ...step('throughput, block'),
          });
          const { memoryBytes } = await measureMemory({ modelPath, dataPath, options, ...step('memory, run') });
          return ledger.record<BaselineMeasurement>({
            key,
            model,
            sizeBytes: model.bytes,
            predictions,
            latency: summarizeBaseline(rounds).baseline,
            throughput,
            memoryBytes,
            host,
            options,
            durationMs: performance.now() - started,
          });
        });
      const baseline = (await ledger.find<BaselineMeasurement>(key)) ?? (await measure());
      await journalOf(engagement).append(`baseline/${key}`, 'baseline', baseline);
      return baseline;
    },

    /**
     * Times a candidate beside FP32 and evaluates it; one with too few integer kernels or no gain in speed is given up
     * before its accuracy is asked. A finished trial is taken from the ledger.
     */
    async measureCandidate(input: {
      engagement: string;
      spec: Spec;
      recipe: Recipe;
      baseline: BaselineMeasurement;
      selection: PreparedData;
      quantized: Quantized;
    }): Promise<Trial | GivenUp> {
      const { engagement, spec, recipe, baseline, selection } = input;
      const { key, quantized } = input.quantized;
      const options = sessionOptionsOf(spec);
      const measure = () =>
        measuring(async (scratch, step) => {
          const started = performance.now();
          const paths = {
            baselinePath: await artifacts.verified(baseline.model),
            candidatePath: await artifacts.verified(quantized.model),
            dataPath: await artifacts.verified(selection.arrow),
          };
          const soFar = async () => ({
            recipeSha256: sha256(canonicalJson(recipe)),
            parentSha256: baseline.model.sha256,
            quantized,
            host: await hostFingerprint(),
            options,
            durationMs: performance.now() - started,
          });
          const isWorthwhile = (latency: Efficiency['latency']) => {
            const sizeBytes = { baseline: baseline.sizeBytes, candidate: quantized.sizeBytes };
            const efficiency = { scheme: recipe.scheme, sizeBytes, coverage: quantized.coverage, latency };
            return isMadeForGpu(recipe) || combine(efficiencyChecks(spec.quality, efficiency)) === 'successful';
          };
          const giveUp = async (latency: LatencyComparison | null) =>
            ledger.record<GivenUp>({
              ...(await soFar()),
              key: givenUpKey(key, spec.quality),
              latency,
              isGivenUp: true,
            });
          if (!isWorthwhile(null)) return giveUp(null);
          const rounds = await compareLatency({ ...paths, options, ...LATENCY, ...step('latency, round') });
          const latency = { rounds: await artifacts.putJson(rounds), ...summarizeLatency(rounds) };
          if (!isWorthwhile(latency)) return giveUp(latency);
          const outPath = join(scratch, 'predictions.arrow');
          const predictions = await predicted(quantized.model, selection, spec, outPath, step('row'));
          const blocks = { ...THROUGHPUT, blocks: THROUGHPUT_BLOCKS };
          const throughput = await compareThroughput({ ...paths, options, ...blocks, ...step('throughput, block') });
          const memory = { modelPath: paths.candidatePath, dataPath: paths.dataPath, options };
          const { memoryBytes } = await measureMemory({ ...memory, ...step('memory, run') });
          return ledger.record<Trial>({ ...(await soFar()), key, predictions, latency, throughput, memoryBytes });
        });
      const known = (await ledger.find<Trial>(key)) ?? (await ledger.find<GivenUp>(givenUpKey(key, spec.quality)));
      const trial = known ?? (await measure());
      await journalOf(engagement).append(`trial/${trial.key}`, 'trial', trial);
      return trial;
    },

    /** Both models on the rows that nothing was chosen with. */
    async predictHoldout(input: {
      spec: Spec;
      model: ArtifactRef;
      candidate: Trial;
      holdout: PreparedData;
    }): Promise<{ baseline: Predictions; candidate: Predictions }> {
      const { spec, model, candidate, holdout } = input;
      return measuring(async (scratch, step) => ({
        baseline: await predicted(model, holdout, spec, join(scratch, 'baseline.arrow'), step('FP32, row')),
        candidate: await predicted(
          candidate.quantized.model,
          holdout,
          spec,
          join(scratch, 'candidate.arrow'),
          step('candidate, row')
        ),
      }));
    },
  };
};

export type MeasurementActivities = ReturnType<typeof createMeasurementActivities>;

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { Recipe } from '../domain/recipe.ts';
import type { TrainingEstimate, TrainingRecord } from '../domain/training.ts';
import { sha256 } from '../storage/artifacts.ts';
import { runId } from './run-id.ts';
import { runInFolder, type ToolkitDependencies } from './toolkit-folder.ts';

export interface TrainingInput {
  engagement: string;
  recipe: Recipe;
  model: ArtifactRef;
  calibration: PreparedData;
  selection: PreparedData;
  train: PreparedData;
}

type Trained = Omit<TrainingRecord, 'key' | 'model'> & { path: string };

/** Quantization-aware training; its checkpoints outlive the attempt, and the heartbeat says where the last one is. */
export const createTrainingActivities = (dependencies: ToolkitDependencies & { checkpointsFolder: string }) => {
  const { artifacts, ledger, journalOf, checkpointsFolder } = dependencies;
  const train = <Output, T>(job: object, keep: (output: Output) => Promise<T>): Promise<T> => {
    const goingOn = (told: unknown) => ({
      ...job,
      checkpoint: (told as { checkpoint?: string } | null)?.checkpoint ?? null,
    });
    return runInFolder(dependencies, { toolkit: 'pytorch', verb: 'train', job: goingOn }, keep);
  };

  async function jobOf({ recipe, model, calibration, selection, train }: TrainingInput): Promise<object> {
    const [path, calibrationData, selectionData, trainData] = await Promise.all(
      [model, calibration.arrow, selection.arrow, train.arrow].map((ref) => artifacts.verified(ref))
    );
    return { model: path, recipe, calibrationData, selectionData, trainData };
  }

  return {
    /** Times a few steps here and extrapolates. */
    async estimateTraining(input: TrainingInput): Promise<TrainingEstimate> {
      const job = { ...(await jobOf(input)), estimate: true };
      const estimate = await train(job, async (output: TrainingEstimate) => output);
      await journalOf(input.engagement).append(`training/estimate/${runId()}`, 'training', {
        recipe: input.recipe,
        estimate,
      });
      return estimate;
    },

    /** Trains, unless the ledger has it already. */
    async trainCandidate(input: TrainingInput): Promise<TrainingRecord> {
      const { engagement, recipe, model, calibration, selection, train: rows } = input;
      const asked = { toolkit: 'onnxruntime' as const, verb: 'probe', job: {} };
      const probe = await runInFolder(
        dependencies,
        asked,
        async ({ versions, instructionSets }: Record<string, unknown>) => ({
          versions,
          instructionSets,
        })
      );
      const data = [calibration, selection, rows].map(({ arrow }) => arrow.sha256);
      const key = sha256(canonicalJson({ kind: 'training', model: model.sha256, recipe, data, ...probe }));
      const checkpointFolder = join(checkpointsFolder, key);
      const perform = async () => {
        const job = { ...(await jobOf(input)), checkpointFolder };
        return train(job, async ({ path, ...trained }: Trained) =>
          ledger.record<TrainingRecord>({ ...trained, key, model: await artifacts.putFile(path) })
        );
      };
      const record = (await ledger.find<TrainingRecord>(key)) ?? (await perform());
      await rm(checkpointFolder, { recursive: true, force: true });
      await journalOf(engagement).append(`training/${key}`, 'training', { recipe, ...record });
      return record;
    },
  };
};

export type TrainingActivities = ReturnType<typeof createTrainingActivities>;

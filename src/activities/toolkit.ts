import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataRole, Evaluator, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { Preparation, SourceFiles } from '../domain/engagement.ts';
import type { QuantizedModel } from '../domain/measurement.ts';
import { preparationJob } from '../domain/preparation-job.ts';
import { quantizerOf, type Recipe } from '../domain/recipe.ts';
import type { SensitivityGroup } from '../domain/search/sensitivity.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import type { ToolkitName } from '../domain/toolkits.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { sha256 } from '../storage/artifacts.ts';
import { layOut } from './export-job.ts';
import { filesOf, runInFolder, type ToolkitDependencies } from './toolkit-folder.ts';
import { givenUpKey, keyOf } from './trial-key.ts';

interface Probe {
  versions: Record<string, string>;
  instructionSets: string[];
  gpu: string | null;
}

/** A toolkit's output before it is an artifact. */
type Made<T, Key extends string> = Omit<T, Key> & { path: string };

interface PrepareOutput {
  model: Preparation['model'];
  roles: Partial<Record<DataRole, Made<PreparedData, 'arrow'>>>;
}

/** The quantized model and the key under which its trial is, or will be, in the ledger. */
export interface Quantized {
  key: string;
  quantized: QuantizedModel;
}

interface Ingredients {
  recipe: Recipe;
  sources: SourceFiles;
  calibration: PreparedData;
  selection: PreparedData;
}

const SENSITIVITY_ROWS = 32; // for a ranking; the margin is judged on the selection rows

/** The Python toolkits: each call is a process of its own in a folder of its own. */
export const createToolkitActivities = (tools: ToolkitDependencies) => {
  const { artifacts, ledger, journalOf, workFolder } = tools;
  const runOf =
    (toolkit: ToolkitName) =>
    <Output, T>(verb: string, job: object, keep: (output: Output) => Promise<T>): Promise<T> =>
      runInFolder(tools, { toolkit, verb, job }, keep);
  const run = runOf('onnxruntime');

  async function stored<T extends { path: string }>({ path, ...rest }: T) {
    return { ...rest, ref: await artifacts.putFile(path) };
  }

  const prepared = (engagement: string, job: object, evaluator?: Evaluator): Promise<Preparation> =>
    run('prepare', job, async (output: PrepareOutput) => {
      const data: Preparation['data'] = {};
      for (const [role, made] of Object.entries(output.roles)) {
        const { ref, ...rest } = await stored(made);
        data[role as DataRole] = { ...rest, arrow: ref, ...(evaluator && { evaluator }) };
      }
      const preparation = { model: output.model, data };
      await journalOf(engagement).append('preparation', 'preparation', preparation);
      return preparation;
    });

  async function trialKey({ spec, recipe, sources, calibration, selection }: Ingredients & { spec: Spec }) {
    const probe = await runOf(quantizerOf(recipe))('probe', {}, async (output: Probe) => output);
    const conditions = { probe, host: await hostFingerprint(), options: sessionOptionsOf(spec) };
    return keyOf({ model: sources.model, recipe, calibration, selection, ...conditions });
  }

  return {
    /** Checks the model and all data, and turns every role into model inputs; all problems come in one error. */
    async prepareData(input: { engagement: string; spec: Spec; sources: SourceFiles }): Promise<Preparation> {
      const { spec, sources } = input;
      const folder = join(workFolder, `data-${randomUUID()}`);
      const data: Record<string, string> = {};
      try {
        for (const [role, ref] of Object.entries(sources.data)) {
          const isFolder = sources.folders?.includes(role as DataRole);
          data[role] = isFolder ? join(folder, role) : await artifacts.verified(ref);
          if (isFolder) await layOut(await filesOf(artifacts, ref), data[role]);
        }
        const tokenizer = sources.tokenizer && (await artifacts.verified(sources.tokenizer));
        const model = await artifacts.verified(sources.model);
        const evaluator = sources.evaluator && join(folder, 'evaluator');
        if (evaluator) await layOut(await filesOf(artifacts, sources.evaluator!), evaluator);
        const job = preparationJob(spec, { model, tokenizer, evaluator, data });
        return await prepared(input.engagement, job, evaluatorOf(spec, sources));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    /** Groups of nodes by what quantizing each alone does to the answers, most harmful first. */
    async rankSensitivity(
      input: Ingredients & { engagement: string; spec: Spec }
    ): Promise<{ key: string; groups: SensitivityGroup[] }> {
      const { engagement, sources, recipe, calibration } = input;
      const key = sha256(canonicalJson({ kind: 'sensitivity', trial: await trialKey(input), rows: SENSITIVITY_ROWS }));
      const data = await artifacts.verified(calibration.arrow);
      const model = await artifacts.verified(sources.model);
      const rows = Math.min(SENSITIVITY_ROWS, calibration.rows);
      const rank = () =>
        run(
          'sensitivity',
          { model, recipe, data, calibrationData: data, rows },
          (output: { groups: SensitivityGroup[] }) => ledger.record({ key, groups: output.groups })
        );
      const ranking = (await ledger.find<{ key: string; groups: SensitivityGroup[] }>(key)) ?? (await rank());
      await journalOf(engagement).append(`sensitivity/${key}`, 'sensitivity', { recipe, ...ranking });
      return ranking;
    },

    /** Makes the candidate, unless the ledger has its trial already. */
    async quantizeCandidate(input: Ingredients & { spec: Spec }): Promise<Quantized> {
      const { recipe, sources, calibration } = input;
      const key = await trialKey(input);
      const find = (key: string) => ledger.find<{ key: string; quantized: QuantizedModel }>(key);
      const known = (await find(key)) ?? (await find(givenUpKey(key, input.spec.quality)));
      if (known) return { key, quantized: known.quantized };
      const job = {
        model: await artifacts.verified(sources.model),
        recipe,
        ...(recipe.calibration && { calibrationData: await artifacts.verified(calibration.arrow) }),
      };
      return runOf(quantizerOf(recipe))('quantize', job, async (output: Made<QuantizedModel, 'model'>) => {
        const { ref, ...rest } = await stored(output);
        return { key, quantized: { ...rest, model: ref } };
      });
    },
  };
};

const evaluatorOf = ({ quality }: Spec, { evaluator }: SourceFiles): Evaluator | undefined =>
  quality.evaluator && evaluator && { files: evaluator, entryPoint: quality.evaluator.entryPoint };

export type ToolkitActivities = ReturnType<typeof createToolkitActivities>;

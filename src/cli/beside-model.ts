import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { DATA_ROLES, type DataRole } from '../domain/artifact.ts';
import { jsonOf } from '../domain/json.ts';
import type { Known } from '../domain/suggested-spec.ts';
import { suggestedTask } from '../domain/suggested-task.ts';
import { startHost, type TensorDeclaration } from '../inference/host.ts';
import { CommandError, EXIT } from './errors.ts';

const ROWS = /^(.+)\.(jsonl|csv|parquet)$/;
const AS_NAMED: [DataRole, RegExp][] = [
  ['calibration', /calib/],
  ['selection', /select|valid|^val|^dev/],
  ['holdout', /hold.?out|test/],
  ['production', /prod/],
  ['train', /train/],
];
const LONGEST = 8_192;

export interface BesideModel extends Known {
  inputs: TensorDeclaration[];
  outputs: TensorDeclaration[];
  /** Size of the last axis of the first output, where it is fixed. */
  classes: number | undefined;
}

/** What a model file and the files beside it say; `at` is the folder that paths are written from. */
export async function readBesideModel(model: string, at: string): Promise<BesideModel> {
  const options = { threads: 1, provider: 'cpu', spinning: false } as const;
  const host = await startHost({ modelPath: model, options }).catch((error: Error) => {
    throw new CommandError(EXIT.usage, `${model}: ${error.message}`, 'give an ONNX file of a model of text');
  });
  const { inputs, outputs } = host;
  await host.close();
  const folder = dirname(model);
  const from = (file: string) => relative(at, file).split(sep).join('/');
  const beside = (name: string) => (existsSync(join(folder, name)) ? from(join(folder, name)) : undefined);
  const last = outputs[0]?.shape.at(-1);
  return {
    inputs,
    outputs,
    classes: typeof last === 'number' && suggestedTask(outputs).task === 'text-classification' ? last : undefined,
    engagement: nameFrom(basename(existsSync(at) ? at : folder)),
    modelName: nameFrom(basename(model, extname(model)) === 'model' ? basename(at) : basename(model, extname(model))),
    model: from(model),
    tokenizer: beside('tokenizer.json'),
    task: suggestedTask(outputs),
    maxLength: lengthFrom(inputs, join(folder, 'tokenizer.json')),
    labels: beside('labels.json') ?? labelsOf(join(folder, 'config.json')),
    data: rowsUnder([join(at, 'data'), join(folder, 'data'), at, folder], from),
  };
}

/** As an engagement may be called. */
function nameFrom(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return name || undefined;
}

/** The model's own fixed length, or that of the tokenizer. */
function lengthFrom(inputs: TensorDeclaration[], tokenizer: string): number | undefined {
  const fixed = inputs[0]?.shape[1];
  const { truncation } = objectIn<{ truncation?: { max_length?: number } }>(tokenizer);
  const found = typeof fixed === 'number' ? fixed : truncation?.max_length;
  return found !== undefined && found >= 1 && found <= LONGEST ? found : undefined;
}

/** Of a Hugging Face model's configuration, in the order of the logits. */
function labelsOf(config: string): string[] | undefined {
  const { id2label } = objectIn<{ id2label?: Record<string, string> }>(config);
  if (!id2label) return undefined;
  return Object.keys(id2label)
    .sort((a, b) => Number(a) - Number(b))
    .map((id) => id2label[id]!);
}

/** Files with rows by what they are called; of several for a role, the first. */
function rowsUnder(folders: string[], from: (file: string) => string): Known['data'] {
  const found: Partial<Record<DataRole, string>> = {};
  for (const folder of new Set(folders.filter((each) => existsSync(each))))
    for (const file of readdirSync(folder).sort()) {
      const name = ROWS.exec(file)?.[1]?.toLowerCase();
      const role = name === undefined ? undefined : roleOf(name);
      if (role) found[role] ??= from(join(folder, file));
    }
  return found;
}

const roleOf = (name: string): DataRole | undefined =>
  DATA_ROLES.find((role) => role === name) ?? AS_NAMED.find(([, pattern]) => pattern.test(name))?.[0];

/** Of a file that may be missing or hold something else. */
function objectIn<T extends object>(path: string): Partial<T> {
  const value = existsSync(path) ? jsonOf(readFileSync(path, 'utf8')) : undefined;
  return typeof value === 'object' && value !== null ? (value as Partial<T>) : {};
}

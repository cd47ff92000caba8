import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type ArtifactRef, DATA_ROLES, type DataRole } from '../domain/artifact.ts';
import type { SourceFiles } from '../domain/engagement.ts';
import type { Economics } from '../domain/serving-cost.ts';
import { parseSpec, type Spec } from '../domain/spec.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { readEconomics } from './economics.ts';
import { CommandError, EXIT } from './errors.ts';
import { filesOfFolder } from './folder.ts';
import { readYaml } from './yaml-file.ts';

/** A specification whose files were found; paths are absolute, labels a list. */
export interface SpecFile {
  spec: Spec;
  files: {
    model: string;
    folder: Record<string, string> | undefined;
    /** Of text. */
    tokenizer: string | undefined;
    /** The folder of the evaluator. */
    evaluator: string | undefined;
    data: Record<string, string>;
  };
  /** Traffic and prices, read. */
  economics?: Economics | undefined;
}

/** Reads and checks everything that can be checked without running anything; throws all problems at once. */
export function readSpecFile(path: string, isAllowed = (_file: string) => true): SpecFile {
  const document = readYaml(path, usage, '; give the path of an engagement.yaml');
  const checked = checkSpec(document, dirname(path), isAllowed);
  if ('problems' in checked) throw usage(checked.problems);
  return checked;
}

/** A specification as it would be read from a file in this folder. */
export function checkSpec(
  document: unknown,
  folderOfSpec: string,
  isAllowed: (file: string) => boolean
): SpecFile | { problems: SpecProblem[] } {
  const parsed = parseSpec(document);
  if ('problems' in parsed) return parsed;
  const { spec } = parsed;
  const problems: SpecProblem[] = [];
  const found = (field: string, relative: string) => {
    const absolute = resolve(folderOfSpec, relative);
    if (!existsSync(absolute) || !isAllowed(absolute))
      problems.push({ path: field, value: relative, message: `there is no file ${absolute}` });
    return absolute;
  };
  const data = Object.fromEntries(
    DATA_ROLES.flatMap((role) => {
      const file = spec.data[role];
      return file === undefined ? [] : [[role, found(`data.${role}`, file)]];
    })
  );
  if (spec.model.task !== 'image-classification')
    for (const [role, file] of Object.entries(data))
      if (isFolder(file))
        problems.push({ path: `data.${role}`, value: file, message: `is a folder; ${spec.model.task} takes a file` });
  const model = found('model.path', spec.model.path);
  const folder = folderOf(spec.model, model, problems);
  for (const place of Object.keys(folder ?? {})) found('model.path', join(spec.model.path, place));
  const files = {
    model,
    folder,
    tokenizer:
      'tokenizer' in spec.model && spec.model.tokenizer ? found('model.tokenizer', spec.model.tokenizer) : undefined,
    evaluator: spec.quality.evaluator && evaluatorOf(spec.quality.evaluator, found, problems),
    data,
  };
  const labelled = 'labels' in spec.model && {
    ...spec.model,
    labels: listed(spec.model.labels, (file) => readLabels(found('model.labels', file), problems)),
  };
  const money = spec.economics && readEconomics(spec.economics, found);
  if (money && 'problems' in money) problems.push(...money.problems);
  if (problems.length > 0) return { problems };
  const economics = money && 'economics' in money ? money.economics : undefined;
  return { spec: { ...spec, model: labelled || spec.model }, files, economics };
}

/** Copies the files into the artifact store, where later edits do not reach them. */
export async function importFiles({ files, economics }: SpecFile, artifactsFolder: string): Promise<SourceFiles> {
  const store = new ArtifactStore(artifactsFolder);
  const data: SourceFiles['data'] = {};
  const folders: DataRole[] = [];
  for (const role of DATA_ROLES) {
    const place = files.data[role];
    if (place && isFolder(place)) folders.push(role);
    if (place) data[role] = await (isFolder(place) ? storedFolder(store, filesOfFolder(place)) : store.putFile(place));
  }
  const model = files.folder ? await storedFolder(store, files.folder) : await store.putFile(files.model);
  return {
    model,
    ...(files.tokenizer && { tokenizer: await store.putFile(files.tokenizer) }),
    ...(files.evaluator && { evaluator: await storedFolder(store, filesOfFolder(files.evaluator)) }),
    data,
    ...(folders.length > 0 && { folders }),
    ...(economics && { economics }),
  };
}

/** The files of a model that is exported first; undefined where the model is the file itself. */
function folderOf({ kind, path: value }: Spec['model'], absolute: string, problems: SpecProblem[]) {
  if (!existsSync(absolute)) return undefined; // said already
  const isWhole = isFolder(absolute);
  if (isWhole === (kind === 'onnx')) {
    const wanted = kind === 'onnx' ? 'is a folder; give the ONNX file' : `is a file; kind ${kind} takes its folder`;
    problems.push({ path: 'model.path', value, message: wanted });
  }
  return isWhole && kind !== 'onnx' ? filesOfFolder(absolute) : undefined;
}

/** Every file of the folder must be one that may be read, as all of them are copied. */
function evaluatorOf(
  { folder, entryPoint }: NonNullable<Spec['quality']['evaluator']>,
  found: (field: string, relative: string) => string,
  problems: SpecProblem[]
): string {
  const field = 'quality.evaluator.folder';
  const absolute = found(field, folder);
  if (!existsSync(absolute)) return absolute; // said already
  const refuse = (message: string) => problems.push({ path: field, value: folder, message });
  if (!isFolder(absolute)) {
    refuse('is a file; give the folder that it lies in');
    return absolute;
  }
  const places = Object.keys(filesOfFolder(absolute));
  for (const place of places) found(field, join(folder, place));
  const module = entryPoint.split(':')[0]!.replaceAll('.', '/');
  if (!places.some((place) => place === `${module}.py` || place === `${module}/__init__.py`))
    refuse(`holds no ${module}.py, which entryPoint ${entryPoint} names`);
  return absolute;
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const listed = (labels: string | string[], read: (file: string) => string[]) =>
  typeof labels === 'string' ? read(labels) : labels;

/** Each file and, as the model's reference, the list of them by their places. */
async function storedFolder(store: ArtifactStore, folder: Record<string, string>) {
  const list: Record<string, ArtifactRef> = {};
  for (const [place, path] of Object.entries(folder)) list[place] = await store.putFile(path);
  return store.putJson(list);
}

function readLabels(path: string, problems: SpecProblem[]): string[] {
  if (!existsSync(path)) return [];
  const labels = parseLabels(readFileSync(path, 'utf8'));
  if (!labels)
    problems.push({ path: 'model.labels', value: path, message: 'must hold a JSON list of at least two class names' });
  return labels ?? [];
}

function parseLabels(text: string): string[] | undefined {
  try {
    const labels = JSON.parse(text);
    const isList = Array.isArray(labels) && labels.length > 1 && labels.every((label) => typeof label === 'string');
    return isList ? labels : undefined;
  } catch {
    return undefined;
  }
}

/** Every mistake on a line of its own, with its path and value. */
export function problemLines(problems: SpecProblem[]): string {
  return problems
    .map(({ path, value, message }) =>
      value === undefined ? `  ${path}: ${message}` : `  ${path}: ${JSON.stringify(value)}: ${message}`
    )
    .join('\n');
}

const usage = (problems: SpecProblem[]) =>
  mistaken(
    'the specification has',
    'nothing was started',
    problems,
    'correct the file and run the command again; docs/engagement.schema.json completes it in an editor'
  );

/** Refuses what a person wrote, with all that is wrong with it. */
export function mistaken(subject: string, effect: string, problems: SpecProblem[], next: string): CommandError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
  return new CommandError(EXIT.usage, `${subject} ${count}; ${effect}\n${problemLines(problems)}`, next, { problems });
}

import { dirname } from 'node:path';
import { type ArtifactRef, DATA_ROLES, type DataRole } from '../domain/artifact.ts';
import type { SourceFiles } from '../domain/engagement.ts';
import type { Economics } from '../domain/serving-cost.ts';
import { economicsOf, parseSpec, type Spec } from '../domain/spec.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { readEconomics } from './economics.ts';
import { CommandError, EXIT } from './errors.ts';
import { filesOfFolder } from './folder.ts';
import { finder, isFolder, type Places, placesOf } from './spec-places.ts';
import { readYaml } from './yaml-file.ts';

/** A specification whose files were found; paths are absolute, labels a list. */
export interface SpecFile {
  spec: Spec;
  files: Places;
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

/** A specification as it would be read from a file in this folder; mistakes of shape and of files come together. */
export function checkSpec(
  document: unknown,
  folderOfSpec: string,
  isAllowed: (file: string) => boolean
): SpecFile | { problems: SpecProblem[] } {
  const parsed = parseSpec(document);
  const problems = 'problems' in parsed ? parsed.problems : [];
  const finding = finder(folderOfSpec, isAllowed, problems);
  const { places, labels } = placesOf(document, finding);
  const asked = 'spec' in parsed ? parsed.spec.economics : economicsOf(document);
  const money = asked && readEconomics(asked, finding.find);
  if (money && 'problems' in money) problems.push(...money.problems);
  if (problems.length > 0 || 'problems' in parsed) return { problems };
  const { spec } = parsed;
  const model = 'labels' in spec.model ? { ...spec.model, labels } : spec.model;
  const economics = money && 'economics' in money ? money.economics : undefined;
  return { spec: { ...spec, model }, files: places, economics };
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

/** Each file and, as the model's reference, the list of them by their places. */
async function storedFolder(store: ArtifactStore, folder: Record<string, string>) {
  const list: Record<string, ArtifactRef> = {};
  for (const [place, path] of Object.entries(folder)) list[place] = await store.putFile(path);
  return store.putJson(list);
}

/** Every mistake on a line of its own, with its path and value. */
export function problemLines(problems: SpecProblem[]): string {
  return problems
    .map(({ path, value, message }) =>
      value == null ? `  ${path}: ${message}` : `  ${path}: ${JSON.stringify(value)}: ${message}`
    )
    .join('\n');
}

const usage = (problems: SpecProblem[]) =>
  mistaken(
    'the specification has',
    'nothing was started',
    problems,
    'correct the file and run the command again; docs/specification.md explains every key'
  );

/** What `mistaken` refused, to be told with other mistakes; throws any other error again. */
export function mistakesIn(error: unknown): SpecProblem[] {
  const problems = error instanceof CommandError && (error.details as { problems?: SpecProblem[] })?.problems;
  if (!problems) throw error;
  return problems;
}

/** Refuses what a person wrote, with all that is wrong with it. */
export function mistaken(subject: string, effect: string, problems: SpecProblem[], next: string): CommandError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
  return new CommandError(EXIT.usage, `${subject} ${count}; ${effect}\n${problemLines(problems)}`, next, { problems });
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DATA_ROLES } from '../domain/artifact.ts';
import { jsonOf } from '../domain/json.ts';
import { nearest } from '../domain/nearest.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { filesOfFolder } from './folder.ts';

/** Absolute places of what a specification names. */
export interface Places {
  model: string;
  /** Of a model that is exported first; undefined where the model is the file itself. */
  folder: Record<string, string> | undefined;
  /** Of text. */
  tokenizer: string | undefined;
  /** The folder of the evaluator. */
  evaluator: string | undefined;
  data: Record<string, string>;
}

/** The parts of a specification that name files, as yet unchecked. */
interface Naming {
  model?: { path?: unknown; kind?: unknown; task?: unknown; tokenizer?: unknown; labels?: unknown };
  data?: Record<string, unknown>;
  quality?: { evaluator?: { folder?: unknown; entryPoint?: unknown } };
}

/** Absolute place of what a field names; undefined where there is nothing, which has been said then. */
export type Find = (field: string, named: unknown) => string | undefined;
type Refuse = (field: string, value: unknown, message: string) => void;

/** Says of a field what is wrong with its file, once. */
export function finder(folderOfSpec: string, isAllowed: (file: string) => boolean, problems: SpecProblem[]) {
  const refuse: Refuse = (path, value, message) => {
    if (!problems.some((problem) => problem.path === path)) problems.push({ path, value, message });
  };
  const find: Find = (field, named) => {
    if (typeof named !== 'string' || named === '') return undefined; // its schema says so
    const place = resolve(folderOfSpec, named);
    if (existsSync(place) && isAllowed(place)) return place;
    const folder = dirname(place);
    const near = isFolder(folder) && isAllowed(folder) ? nearest(basename(place), readdirSync(folder)) : undefined;
    refuse(field, named, `there is no file ${place}${near ? `; did you mean ${join(dirname(named), near)}?` : ''}`);
    return undefined;
  };
  return { find, refuse };
}

/** Finds every file that is named, whatever else is wrong with the document. */
export function placesOf(
  document: unknown,
  { find, refuse }: { find: Find; refuse: Refuse }
): { places: Places; labels: string[] } {
  const { model = {}, data = {}, quality } = (document ?? {}) as Naming;
  const file = find('model.path', model.path);
  const places = {
    model: file ?? '',
    folder: file === undefined ? undefined : folderOf(model, file, find, refuse),
    tokenizer: find('model.tokenizer', model.tokenizer),
    evaluator: evaluatorOf(quality?.evaluator ?? {}, find, refuse),
    data: rowsOf(data, model.task, find, refuse),
  };
  return { places, labels: labelsOf(model.labels, find, refuse) };
}

function rowsOf(data: object, task: unknown, find: Find, refuse: Refuse): Record<string, string> {
  const rows: Record<string, string> = {};
  for (const role of DATA_ROLES) {
    const named = (data as Record<string, unknown>)[role];
    const place = find(`data.${role}`, named);
    if (place === undefined) continue;
    rows[role] = place;
    if (isFolder(place) && task !== 'image-classification')
      refuse(`data.${role}`, named, `is a folder; ${task} takes a file`);
  }
  return rows;
}

/** The files of a model that is exported first; each must be one that may be read, as all of them are copied. */
function folderOf({ kind, path: named }: NonNullable<Naming['model']>, place: string, find: Find, refuse: Refuse) {
  const isWhole = isFolder(place);
  if (isWhole && kind === 'onnx') refuse('model.path', named, 'is a folder; give the ONNX file');
  if (!isWhole && (kind === 'huggingface' || kind === 'pytorch'))
    refuse('model.path', named, `is a file; kind ${kind} takes its folder`);
  if (!isWhole || kind === 'onnx') return undefined;
  const files = filesOfFolder(place);
  for (const each of Object.keys(files)) find('model.path', join(String(named), each));
  return files;
}

function evaluatorOf(
  { folder, entryPoint }: { folder?: unknown; entryPoint?: unknown },
  find: Find,
  refuse: Refuse
): string | undefined {
  const field = 'quality.evaluator.folder';
  const place = find(field, folder);
  if (place === undefined) return undefined;
  if (!isFolder(place)) {
    refuse(field, folder, 'is a file; give the folder that it lies in');
    return place;
  }
  const files = Object.keys(filesOfFolder(place));
  for (const each of files) find(field, join(String(folder), each));
  const module = String(entryPoint).split(':')[0]!.replaceAll('.', '/');
  if (!files.some((each) => each === `${module}.py` || each === `${module}/__init__.py`))
    refuse(field, folder, `holds no ${module}.py, which entryPoint ${entryPoint} names`);
  return place;
}

export const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The names themselves, or those in the file that is named. */
function labelsOf(labels: unknown, find: Find, refuse: Refuse): string[] {
  if (Array.isArray(labels)) return labels;
  const place = find('model.labels', labels);
  if (place === undefined) return [];
  const listed = isFolder(place) ? undefined : namesIn(jsonOf(readFileSync(place, 'utf8')));
  if (!listed) refuse('model.labels', labels, 'must hold a JSON list of at least two class names');
  return listed ?? [];
}

function namesIn(labels: unknown): string[] | undefined {
  const isList = Array.isArray(labels) && labels.length > 1 && labels.every((label) => typeof label === 'string');
  return isList ? labels : undefined;
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { SpecProblem } from '../domain/spec-problems.ts';

const LARGEST_BYTES = 1_000_000; // far above what people write

/** The document of a file of YAML or JSON; `refused` makes the error of what is wrong with it. */
export function readYaml(path: string, refused: (problems: SpecProblem[]) => Error, advice = ''): unknown {
  if (!existsSync(path)) throw refused([{ path, message: `there is no such file${advice}` }]);
  const file = statSync(path);
  if (file.isDirectory()) throw refused([{ path, message: 'is a folder; give the YAML file in it' }]);
  const text = file.size > LARGEST_BYTES ? '\0' : readFileSync(path, 'utf8');
  if (text.includes('\0'))
    throw refused([{ path, message: 'is no YAML file; for a model file, `stepdown init <model>` writes one' }]);
  const yaml = parseDocument(text);
  const [error] = yaml.errors; // what follows it is mostly its echo
  if (error) throw refused([{ path, message: error.message }]);
  return yaml.toJS();
}

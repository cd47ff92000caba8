import { existsSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { SpecProblem } from '../domain/spec-problems.ts';

/** The document of a file of YAML or JSON; `refused` makes the error of what is wrong with it. */
export function readYaml(path: string, refused: (problems: SpecProblem[]) => Error, advice = ''): unknown {
  if (!existsSync(path)) throw refused([{ path, message: `there is no such file${advice}` }]);
  const yaml = parseDocument(readFileSync(path, 'utf8'));
  if (yaml.errors.length > 0) throw refused(yaml.errors.map(({ message }) => ({ path, message })));
  return yaml.toJS();
}

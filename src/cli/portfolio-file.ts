import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type PortfolioSpec, parsePortfolio } from '../domain/portfolio.ts';
import { misplaced, type PortfolioMember } from '../domain/portfolio-members.ts';
import { projectedSaving } from '../domain/serving-cost.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import type { CommandError } from './errors.ts';
import { importFiles, mistaken, mistakesIn, readSpecFile, type SpecFile } from './spec-file.ts';

/** A portfolio whose specifications and their files were found; `at` is each one's place in the file. */
export interface PortfolioFile {
  portfolio: PortfolioSpec;
  members: (SpecFile & { at: string })[];
}

export const portfolioUsage = (problems: SpecProblem[]): CommandError =>
  mistaken(
    'the portfolio has',
    'nothing was started',
    problems,
    'correct the files and run the command again; docs/portfolio.schema.json completes it in an editor'
  );

/** Reads the file and every specification that it names; all problems of all of them come with it. */
export function readPortfolio(
  path: string,
  isAllowed = (_file: string) => true
): PortfolioFile & { problems: SpecProblem[] } {
  if (!existsSync(path))
    throw portfolioUsage([{ path, message: 'there is no such file; give the path of a portfolio.yaml' }]);
  const yaml = parseDocument(readFileSync(path, 'utf8'));
  if (yaml.errors.length > 0) throw portfolioUsage(yaml.errors.map(({ message }) => ({ path, message })));
  const parsed = parsePortfolio(yaml.toJS());
  if ('problems' in parsed) throw portfolioUsage(parsed.problems);
  const { portfolio } = parsed;
  const problems: SpecProblem[] = [];
  const members = portfolio.engagements.flatMap((place, i) => {
    const at = `engagements.${i}`;
    const file = resolve(dirname(path), place);
    const read =
      existsSync(file) && isAllowed(file)
        ? readMember(file, isAllowed)
        : [{ path: '', value: place, message: `there is no file ${file}` }];
    if (!Array.isArray(read)) return [{ ...read, at }];
    problems.push(...read.map((problem) => ({ ...problem, path: [at, problem.path].filter(Boolean).join('.') })));
    return [];
  });
  problems.push(...misplaced(portfolio, members));
  return { portfolio, members, problems };
}

/** The same, for those who only want it whole. */
export function readWholePortfolio(path: string): PortfolioFile {
  const { problems, ...file } = readPortfolio(path);
  if (problems.length > 0) throw portfolioUsage(problems);
  return file;
}

function readMember(file: string, isAllowed: (file: string) => boolean): SpecFile | SpecProblem[] {
  try {
    return readSpecFile(file, isAllowed);
  } catch (error) {
    return mistakesIn(error);
  }
}

/** Copies its files into the artifact store. */
export async function memberOf(file: SpecFile, artifactsFolder: string): Promise<PortfolioMember> {
  const sources = await importFiles(file, artifactsFolder);
  return { spec: file.spec, sources, projected: sources.economics ? projectedSaving(sources.economics) : null };
}

import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve, sep } from 'node:path';
import { readPortfolio } from '../cli/portfolio-file.ts';
import { readSpecFile, type SpecFile } from '../cli/spec-file.ts';
import type { Config } from '../config.ts';
import { sha256 } from '../storage/artifacts.ts';
import { Problem } from './problem.ts';

/** A specification of the server's folder, with its files; throws for what lies elsewhere. */
export function readSpec(config: Config, spec: string): SpecFile {
  const isAllowed = allowedBy(config);
  const path = resolve(config.specsFolder, spec);
  if (!isAllowed(path)) throw new Problem(422, `spec: '${spec}' is no file under ${config.specsFolder}`);
  return readSpecFile(path, isAllowed);
}

/** A portfolio of the server's folder, with what is wrong with it; throws for a file that lies elsewhere. */
export function readPortfolioHere(config: Config, portfolio: string): ReturnType<typeof readPortfolio> {
  const isAllowed = allowedBy(config);
  const path = resolve(config.specsFolder, portfolio);
  if (!isAllowed(path)) throw new Problem(422, `portfolio: '${portfolio}' is no file under ${config.specsFolder}`);
  return readPortfolio(path, isAllowed);
}

/** Where a new specification may be written: a folder that is there, with what of it may be read. */
export function placeOf(config: Config, spec: string): { path: string; isAllowed: (file: string) => boolean } {
  const isAllowed = allowedBy(config);
  const path = resolve(config.specsFolder, spec);
  const refused = (message: string) => new Problem(422, message, { problems: [{ path: 'spec', message }] });
  if (!/^[\w-][\w.-]*\.ya?ml$/.test(basename(path))) throw refused('give a file name that ends in .yaml');
  const folder = dirname(path);
  const isRoot = existsSync(folder) && realpathSync(folder) === realpathSync(config.specsFolder);
  if (!isRoot && !isAllowed(folder)) throw refused(`there is no folder ${folder} under ${config.specsFolder}`);
  if (existsSync(path) && !isAllowed(path)) throw refused(`${path} leads out of ${config.specsFolder}`);
  return { path, isAllowed };
}

/** Writes a new file; one that is there is replaced only where it is as `replaces`, its SHA-256, says. */
export function writeSpec(path: string, text: string, replaces: string | undefined): void {
  const present = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (present === text) return;
  if (present !== undefined && sha256(present) !== replaces)
    throw new Problem(409, `${path} is there already; choose another name`);
  writeFileSync(path, text, present === undefined ? { flag: 'wx' } : {});
}

/** Files inside the folder, followed through links; never those of the data directory, where the secrets are. */
function allowedBy({ specsFolder, home }: Config): (file: string) => boolean {
  const inside = (outer: string, file: string) => file.startsWith(outer.endsWith(sep) ? outer : outer + sep);
  const real = (path: string) => {
    try {
      return realpathSync(path);
    } catch {
      return undefined;
    }
  };
  return (file) => {
    const found = real(file);
    return found !== undefined && inside(realpathSync(specsFolder), found) && !inside(realpathSync(home), found);
  };
}

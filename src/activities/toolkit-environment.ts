import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installCommand, TOOLKITS, type ToolkitName } from '../domain/toolkits.ts';
import { lastWordsOf, runTool } from './process.ts';

const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
/** What pip may see of the worker's environment: its own settings and the way out. */
const PASSED_ON =
  /^(PATH|HOME|LANG|TMPDIR|LD_LIBRARY_PATH|PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy)$/i;

/** Where the toolkits' Pythons are. */
export interface Pythons {
  /** Of ONNX Runtime and PyTorch; the set-up makes it. */
  python: string;
  /** Folder of the environments that are made when first needed. */
  environments: string;
}

interface Run {
  signal: AbortSignal;
  stderrPath: string;
  onProgress?: ((progress: { stage: string; done: number; total: number }) => void) | undefined;
}

interface EnvironmentState {
  state: 'installed' | 'missing' | 'broken';
  /** Of a broken one: what is wrong with it. */
  why?: string;
  folder: string;
}

/** Environments whose files this process has looked at; looking takes seconds. */
const sound = new Set<string>();

/**
 * The Python that runs a toolkit. An environment that is missing is made, one that is damaged is made anew; where that
 * fails, the error says why and what to do, and trying again goes on from there. Its files are looked at once in the life
 * of this process, and again after `doubt`.
 */
export async function pythonOf(toolkit: ToolkitName, { python, environments }: Pythons, run: Run): Promise<string> {
  const { environment, cost } = TOOLKITS[toolkit];
  if (!cost) return python;
  const place = join(environments, environment);
  const found = join(place, 'bin/python');
  if (sound.has(place)) return found;
  const said: string[] = [];
  const code = await setup(['--environment', environment, '--folder', environments], python, run, (line) => {
    said.push(line);
    run.onProgress?.({ stage: `installing ${line.trim()}`, done: 0, total: 1 });
  });
  if (code === 0) {
    sound.add(place);
    return found;
  }
  const fault = said.findIndex((line) => line.startsWith('✗'));
  const words = fault < 0 ? await lastWordsOf(run.stderrPath) : said.slice(fault).join(' ').replace(/\s+/g, ' ');
  throw new Error(
    `the environment of toolkit ${toolkit} could not be made: ${words}; by hand: ${installCommand(toolkit)}`
  );
}

/** To be called when a toolkit has failed, as its environment may be the reason. */
export const doubt = (toolkit: ToolkitName, { environments }: Pythons): void => {
  sound.delete(join(environments, TOOLKITS[toolkit].environment));
};

/** What `doctor` shows; changes nothing. */
export async function environmentState(
  toolkit: ToolkitName,
  { python, environments }: Pythons,
  run: Run
): Promise<EnvironmentState> {
  let answer: EnvironmentState | undefined;
  const { environment } = TOOLKITS[toolkit];
  const code = await setup(['--environment', environment, '--folder', environments, '--check'], python, run, (line) => {
    if (line.startsWith('{')) answer = JSON.parse(line) as EnvironmentState;
  });
  if (code !== 0 || !answer)
    throw new Error(`${SETUP} ended with exit code ${code}: ${await lastWordsOf(run.stderrPath)}`);
  return answer;
}

const setup = (
  options: string[],
  python: string,
  { signal, stderrPath }: Run,
  onLine: (line: string) => void
): Promise<number> => {
  const passed = Object.entries(process.env).filter(([name, value]) => value !== undefined && PASSED_ON.test(name));
  const env = { ...(Object.fromEntries(passed) as Record<string, string>), STEPDOWN_PYTHON: python };
  return runTool(process.execPath, [SETUP, ...options], { env, signal, stderrPath, onLine });
};

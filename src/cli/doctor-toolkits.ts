import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentState } from '../activities/toolkit-environment.ts';
import { runToolkit } from '../activities/toolkit-process.ts';
import type { Config } from '../config.ts';
import { describeEngine, type Engine } from '../domain/measurement.ts';
import { installCommand, TOOLKITS, type ToolkitName } from '../domain/toolkits.ts';

const LONGEST_MS = 60_000;

interface ToolkitState {
  name: ToolkitName;
  /** Of toolkits/environments; several toolkits may share one. */
  environment: string;
  state: 'installed' | 'missing' | 'broken';
  /** Why it is broken, and what to do. */
  problem: string | null;
  versions: Record<string, string>;
  schemes: string[];
  /** Of TensorRT: whether its engine can be built here. */
  engine?: EngineHere;
  /** What installing it costs, for an environment that is made when first needed; null for the set-up's. */
  gigabytes: number | null;
  minutes: number | null;
}

type EngineHere = { state: 'available'; tensorrt: string } | Extract<Engine, { state: 'unavailable' }>;

/** One line of the toolkit's row. */
export function describeToolkit(toolkit: ToolkitState): string {
  const { name, state, problem, versions, schemes, engine, gigabytes, minutes } = toolkit;
  const install = installCommand(name);
  if (state === 'broken') return `broken: ${problem}; made anew when first needed, or by ${install}`;
  if (state === 'missing')
    return gigabytes
      ? `not installed; made when first needed: ${gigabytes} GB, about ${minutes} minutes; or now: ${install}`
      : `not available: ${problem}; run ${install}`;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const said = `${list.join(', ')}; schemes ${schemes.join(', ')}`;
  if (!engine) return said;
  return engine.state === 'available'
    ? `${said}; engines by TensorRT ${engine.tensorrt}`
    : `${said}; ${describeEngine(engine)}`;
}

/** Every toolkit with its environment; installs nothing. */
export async function toolkitStates(config: Config): Promise<ToolkitState[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-doctor-'));
  try {
    const names = Object.keys(TOOLKITS) as ToolkitName[];
    return await Promise.all(names.map((name) => stateOf(name, config, folder)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function stateOf(name: ToolkitName, config: Config, folder: string): Promise<ToolkitState> {
  const { environment, cost } = TOOLKITS[name];
  const run = { signal: AbortSignal.timeout(LONGEST_MS), stderrPath: join(folder, `${name}.log`) };
  const base = {
    ...{ name, environment, problem: null, versions: {}, schemes: [] },
    ...{ gigabytes: cost?.gigabytes ?? null, minutes: cost?.minutes ?? null },
  };
  if (!cost && !existsSync(config.python))
    return { ...base, state: 'missing', problem: `no Python at ${config.python}` };
  try {
    const looked = cost ? await environmentState(name, config, run) : undefined;
    if (looked && looked.state !== 'installed') return { ...base, state: looked.state, problem: looked.why ?? null };
    const { versions, schemes, engine } = await runToolkit<Pick<ToolkitState, 'versions' | 'schemes' | 'engine'>>({
      python: looked ? join(looked.folder, 'bin/python') : config.python,
      toolkit: name,
      verb: 'probe',
      job: { outputFolder: folder },
      ...run,
    });
    return { ...base, state: 'installed', versions, schemes, ...(engine && { engine }) };
  } catch (error) {
    return { ...base, state: 'broken', problem: error instanceof Error ? error.message : String(error) };
  }
}

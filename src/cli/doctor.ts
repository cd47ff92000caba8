import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { runToolkit } from '../activities/toolkit-process.ts';
import { type Config, loadConfig, whereRunning } from '../config.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { table } from './output.ts';
import { print } from './print.ts';

interface ToolkitState {
  name: string;
  available: boolean;
  versions: Record<string, string>;
  schemes: string[];
  problem: string | null;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has: toolkits and versions, instruction set, GPU, Temporal')
    .action(async (_options, command: Command) => {
      const config = loadConfig();
      const [host, toolkits, temporal] = await Promise.all([
        hostFingerprint(),
        toolkitStates(config),
        temporalState(config),
      ]);
      const vnni = host.instructionSets.some((set) => set.includes('vnni'));
      const document = {
        host,
        int8Kernels: vnni ? 'VNNI' : 'without VNNI: 7-bit weights are used',
        toolkits,
        temporal,
        home: config.home,
      };
      print(command, document, () =>
        table([
          ['node', host.node],
          ['onnxruntime (Node)', host.onnxruntime],
          ['CPU', `${host.cpuModel}, ${host.cores} cores, ${(host.memoryBytes / 2 ** 30).toFixed(0)} GiB`],
          [
            'instruction sets',
            `${host.instructionSets.join(', ') || 'none of interest'}; INT8 ${document.int8Kernels}`,
          ],
          ['GPU', host.gpu ?? 'not available here: no NVIDIA GPU (nvidia-smi does not answer)'],
          ...toolkits.map((toolkit) => [`toolkit ${toolkit.name}`, described(toolkit)]),
          ['Temporal', temporal.text],
          ['data directory', config.home],
        ])
      );
      if (toolkits.some(({ available }) => !available) || !temporal.cli) process.exitCode = 1;
    });
}

function described({ available, versions, schemes, problem }: ToolkitState): string {
  if (!available) return `not available: ${problem}; run npm run setup`;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${list.join(', ')}; schemes ${schemes.join(', ')}`;
}

async function toolkitStates({ python, root, home }: Config): Promise<ToolkitState[]> {
  const base = { name: 'onnxruntime', versions: {}, schemes: [] };
  if (!existsSync(python)) return [{ ...base, available: false, problem: `no Python at ${python}` }];
  const stderrPath = join(root, '.tools', 'doctor.log');
  const signal = AbortSignal.timeout(60_000);
  try {
    const probe = await runToolkit<{ versions: Record<string, string>; schemes: string[] }>({
      python,
      toolkit: 'onnxruntime',
      verb: 'probe',
      job: { outputFolder: home },
      signal,
      stderrPath,
    });
    return [{ ...base, available: true, versions: probe.versions, schemes: probe.schemes, problem: null }];
  } catch (error) {
    return [{ ...base, available: false, problem: error instanceof Error ? error.message : String(error) }];
  }
}

async function temporalState(config: Config): Promise<{ cli: string | null; address: string | null; text: string }> {
  const { temporal } = whereRunning(config);
  const cli = await promisify(execFile)(config.temporalCli, ['--version']).then(
    ({ stdout }) => stdout.trim(),
    () => null
  );
  const where = temporal ? `running at ${temporal}` : 'not running; `stepdown up` starts it';
  return {
    cli,
    address: temporal ?? null,
    text: cli ? `${cli}; ${where}` : `no CLI at ${config.temporalCli}: run npm run setup`,
  };
}

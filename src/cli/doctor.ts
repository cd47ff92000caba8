import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { temporalState } from './doctor-temporal.ts';
import { describeToolkit, toolkitStates } from './doctor-toolkits.ts';
import { table } from './output.ts';
import { print } from './print.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has: toolkits and versions, instruction set, GPU, Temporal')
    .addHelpText('after', '\nExample:\n  stepdown doctor')
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
          ...toolkits.map((toolkit) => [`toolkit ${toolkit.name}`, describeToolkit(toolkit)]),
          ['Temporal', temporal.text],
          ['data directory', config.home],
        ])
      );
      const isAmiss = toolkits.some(
        ({ state, gigabytes }) => state === 'broken' || (state === 'missing' && !gigabytes)
      );
      if (isAmiss || !temporal.cli) process.exitCode = 1;
    });
}

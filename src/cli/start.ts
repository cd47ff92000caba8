import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { Check } from '../domain/verdict.ts';
import { withClient } from './connection.ts';
import { dryLap, dryLapText } from './dry-lap.ts';
import { kickOffChecked } from './engagements.ts';
import { liveTerminal, print } from './print.ts';
import { readSpecFile } from './spec-file.ts';

export function addStart(program: Command): void {
  program
    .command('start')
    .description('check model and rows, then kick off an engagement from its specification')
    .argument('<spec>', 'path of an engagement.yaml')
    .option('--check', 'only check the specification and that its files are there')
    .option('--dry-lap', 'only check, and say what the rows can certify and how long it takes')
    .addHelpText('after', '\nExample:\n  stepdown start examples/newswire/engagement.yaml')
    .action(async (path: string, options: { check?: boolean; dryLap?: boolean }, command: Command) => {
      const file = readSpecFile(path);
      const { engagement } = file.spec;
      const { onProgress } = liveTerminal(process.stderr);
      if (options.dryLap) {
        const lap = await dryLap(file, onProgress).finally(() => onProgress(''));
        return print(command, lap, () => dryLapText(lap));
      }
      if (options.check) return print(command, { engagement, valid: true }, () => `${path} is a valid specification`);
      const checks = await withClient((client) => {
        const { artifacts } = loadConfig().folders;
        return kickOffChecked(client, file, { artifacts, startedBy: userInfo().username, onProgress });
      }).finally(() => onProgress(''));
      print(command, { engagement, checks }, () => startedText(engagement, checks));
    });
}

function startedText(engagement: string, checks: Check[]): string {
  const asked = checks.filter(({ verdict }) => verdict !== 'successful').map(({ reason }) => `  ${reason}`);
  return [
    `started ${engagement}`,
    ...(asked.length > 0 ? ['its first gate will ask about the rows:', ...asked] : []),
    `follow it with: stepdown watch ${engagement}`,
  ].join('\n');
}

import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { withClient } from './connection.ts';
import { dryLap, dryLapText } from './dry-lap.ts';
import { kickOff } from './engagements.ts';
import { print } from './print.ts';
import { importFiles, readSpecFile } from './spec-file.ts';

export function addStart(program: Command): void {
  program
    .command('start')
    .description('kick off an engagement from its specification')
    .argument('<spec>', 'path of an engagement.yaml')
    .option('--check', 'only check the specification and its files')
    .option('--dry-lap', 'also check model and rows, and say what they can certify and how long it takes')
    .addHelpText('after', '\nExample:\n  stepdown start examples/newswire/engagement.yaml')
    .action(async (path: string, options: { check?: boolean; dryLap?: boolean }, command: Command) => {
      const file = readSpecFile(path);
      const { engagement } = file.spec;
      if (options.dryLap) {
        const lap = await dryLap(file);
        return print(command, lap, () => dryLapText(lap));
      }
      if (options.check) return print(command, { engagement, valid: true }, () => `${path} is a valid specification`);
      await withClient(async (client) => {
        const sources = await importFiles(file, loadConfig().folders.artifacts);
        await kickOff(client, file.spec, sources, userInfo().username);
      });
      print(command, { engagement }, () => `started ${engagement}\nfollow it with: stepdown watch ${engagement}`);
    });
}

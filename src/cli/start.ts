import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { withClient } from './connection.ts';
import { kickOff } from './engagements.ts';
import { print } from './print.ts';
import { importFiles, readSpecFile } from './spec-file.ts';

export function addStart(program: Command): void {
  program
    .command('start')
    .description('kick off an engagement from its specification')
    .argument('<spec>', 'path of an engagement.yaml')
    .option('--check', 'only check the specification and its files')
    .addHelpText('after', '\nExample:\n  stepdown start examples/newswire/engagement.yaml')
    .action(async (path: string, { check }: { check?: boolean }, command: Command) => {
      const file = readSpecFile(path);
      const { engagement } = file.spec;
      if (check) return print(command, { engagement, valid: true }, () => `${path} is a valid specification`);
      await withClient(async (client) => {
        const sources = await importFiles(file, loadConfig().folders.artifacts);
        await kickOff(client, file.spec, sources, userInfo().username);
      });
      print(command, { engagement }, () => `started ${engagement}\nfollow it with: stepdown watch ${engagement}`);
    });
}

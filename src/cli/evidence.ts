import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { counted } from '../domain/units.ts';
import { verifyEngagement } from '../evidence/verify.ts';
import { CommandError, EXIT, noSuchEngagement } from './errors.ts';
import { journalNames } from './journals.ts';
import { print } from './print.ts';

/** Recomputing what an engagement claims. */
export function addEvidence(program: Command): void {
  program
    .command('verify')
    .description('recompute the journal’s chain, every evidence file’s hash and every verdict')
    .argument('<engagement>')
    .addHelpText('after', '\nExample:\n  stepdown verify newswire')
    .action(async (name: string, _options, command: Command) => {
      const { folders } = loadConfig();
      if (!journalNames(folders.journals).includes(name)) throw noSuchEngagement(name, journalNames(folders.journals));
      const result = await verifyEngagement(name, folders);
      if (result.faults.length > 0)
        throw new CommandError(
          EXIT.refused,
          `the evidence of ${name} does not hold:\n${result.faults.map((fault) => `  ${fault}`).join('\n')}`,
          'restore the named files from a backup; nothing after the first fault can be relied on',
          result
        );
      const { entries, artifacts, verdicts } = result;
      print(
        command,
        result,
        () =>
          `${name} holds: ${counted(entries, 'entry', 'entries')} chained, ${counted(artifacts, 'file')} unchanged, ${counted(verdicts, 'verdict')} recomputed`
      );
    });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { verifyEngagement } from '../evidence/verify.ts';
import { CommandError, EXIT } from './errors.ts';
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
      if (!existsSync(join(folders.journals, `${name}.jsonl`)))
        throw new CommandError(
          EXIT.refused,
          `there is no journal of '${name}' in ${folders.journals}`,
          'see `stepdown list`'
        );
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
        () => `${name} holds: ${entries} entries chained, ${artifacts} files unchanged, ${verdicts} verdicts recomputed`
      );
    });
}

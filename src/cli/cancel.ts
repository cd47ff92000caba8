import { once } from 'node:events';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { withClient } from './connection.ts';
import { cancel, statusOf } from './engagements.ts';
import { CommandError, EXIT } from './errors.ts';
import { print } from './print.ts';

interface CancelOptions {
  reason: string;
  by: string;
  yes?: boolean;
}

export function addCancel(program: Command): void {
  program
    .command('cancel')
    .description('end an engagement for good: the candidate leaves the traffic first, then it closes with a report')
    .argument('<engagement>')
    .requiredOption('--reason <text>', 'why; it stands in journal and report')
    .option('--by <person>', 'who says so', userInfo().username)
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  stepdown cancel newswire --reason "another model is served now"')
    .action((name: string, { reason, by, yes }: CancelOptions, command: Command) =>
      withClient(async (client) => {
        const { state } = await statusOf(client, name);
        if (!yes && state.phase !== 'closed') await confirmed(name, state.phase);
        const cancelled = await cancel(client, name, { by, comment: reason });
        print(
          command,
          { engagement: name, ...cancelled },
          () => `${name} is being cancelled in phase ${state.phase}\nsee it close with: stepdown watch ${name}`
        );
      })
    );
}

async function confirmed(name: string, phase: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError(EXIT.usage, `cancelling ${name} cannot be undone, and nobody can be asked`, 'add --yes');
  const person = createInterface({ input: process.stdin, output: process.stderr });
  const ended = once(person, 'close').then(() => ''); // Ctrl-D leaves the question without an answer
  const answer = await Promise.race([
    person.question(`Cancel ${name} in phase ${phase}? It cannot be undone. [y/N] `),
    ended,
  ]);
  person.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new CommandError(EXIT.refused, 'nothing was cancelled', 'answer y to cancel');
}

import type { Command } from 'commander';
import { withClient } from './connection.ts';
import { listEngagements, openGates, statusOf } from './engagements.ts';
import { closingText, engagementTable, gateText, statusText } from './output.ts';
import { print } from './print.ts';
import { follow } from './watch.ts';

export function addInspection(program: Command): void {
  program
    .command('list')
    .description('all engagements: phase, gate waited at, verdict')
    .action((_options, command: Command) =>
      withClient(async (client) => {
        const lines = await listEngagements(client);
        print(command, { engagements: lines }, () => engagementTable(lines));
      })
    );
  program
    .command('status')
    .description('where one engagement stands')
    .argument('<engagement>')
    .action((name: string, _options, command: Command) =>
      withClient(async (client) => {
        const status = await statusOf(client, name);
        print(command, status, () => statusText(status));
      })
    );
  program
    .command('gates')
    .description('the gates that wait for a decision')
    .action((_options, command: Command) =>
      withClient(async (client) => {
        const gates = await openGates(client);
        print(command, { gates }, () => gates.map(gateText).join('\n\n') || 'no gate is open');
      })
    );
  program
    .command('watch')
    .description('follow an engagement until it closes')
    .argument('<engagement>')
    .action((name: string, _options, command: Command) =>
      withClient(async (client) => {
        const isJson = command.optsWithGlobals().json;
        await statusOf(client, name);
        const say = (line: string) => void (isJson ? process.stderr : process.stdout).write(`${line}\n`);
        const document = await follow(client, name, { say });
        print(command, document, () => closingText(document));
      })
    );
}

import type { Command } from 'commander';
import { describeActivity } from '../domain/activity-progress.ts';
import { withClient } from './connection.ts';
import { statusOf } from './engagements.ts';
import { EXIT } from './errors.ts';
import { listEngagements, openGates } from './lists.ts';
import { closingText, engagementTable, gateText, statusText } from './output.ts';
import { liveTerminal, print } from './print.ts';
import { activitiesOf } from './progress.ts';
import { follow } from './watch.ts';

export function addInspection(program: Command): void {
  program
    .command('list')
    .description('all engagements: phase, gate waited at, verdict')
    .addHelpText('after', '\nExample:\n  stepdown list')
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
    .addHelpText('after', '\nExample:\n  stepdown status newswire')
    .action((name: string, _options, command: Command) =>
      withClient(async (client) => {
        const [status, activities] = await Promise.all([statusOf(client, name), activitiesOf(client, name)]);
        const now = activities.length > 0 ? `\n  doing: ${activities.map(describeActivity).join('; ')}` : '';
        print(command, { ...status, activities }, () => statusText(status) + now);
      })
    );
  program
    .command('gates')
    .description('the gates that wait for a decision')
    .addHelpText('after', '\nExample:\n  stepdown gates --json')
    .action((_options, command: Command) =>
      withClient(async (client) => {
        const gates = await openGates(client);
        print(command, { gates }, () => gates.map(gateText).join('\n\n') || 'no gate is open');
      })
    );
  program
    .command('watch')
    .description(
      'follow an engagement until it closes, through restarts; exits 4 when it closed otherwise than successful'
    )
    .argument('<engagement>')
    .addHelpText('after', '\nExample:\n  stepdown watch newswire')
    .action((name: string, _options, command: Command) =>
      withClient(async (client, found) => {
        const isJson = command.optsWithGlobals().json;
        await statusOf(client, name);
        const terminal = liveTerminal(isJson ? process.stderr : process.stdout);
        const document = await follow(client, name, { ...terminal, found }).finally(() => terminal.onProgress(''));
        print(command, document, () => closingText(document));
        if (document.verdict !== 'successful') process.exitCode = EXIT.unsuccessful;
      })
    );
}

import { type Command, InvalidArgumentError } from 'commander';
import { GUARDS, shareOfBound } from '../domain/support.ts';
import { waitingText } from '../domain/waiting.ts';
import { type SupportCommandInput, type SupportProgress, supportUpdate } from '../workflows/messages.ts';
import { answered, withClient } from './connection.ts';
import { statusOf, supportHandle } from './engagements.ts';
import { CommandError, EXIT } from './errors.ts';
import { print } from './print.ts';
import { noteLines, supportLine } from './support-text.ts';

type Verb = SupportCommandInput['command'];

const VERBS: [Verb, string][] = [
  ['acknowledge', 'say what an incident was; the detectors begin anew'],
  ['open', 'record an incident that people found'],
  ['rollback', 'take the candidate out of the traffic, for good'],
];

export function addSupport(program: Command): void {
  const support = program.command('support').description('the window after a rollout');
  support
    .command('status')
    .description('days left, detectors and incidents')
    .argument('<engagement>')
    .addHelpText('after', '\nExample:\n  stepdown support status newswire')
    .action((name: string, _options, command: Command) =>
      withClient(async (client) => {
        const { state, support: progress } = await statusOf(client, name);
        const found = progress ?? state.support;
        if (!found)
          throw new CommandError(
            EXIT.refused,
            `${name} is in no support window: it is at ${state.phase}`,
            `see \`stepdown status ${name}\``
          );
        print(command, found, () => (progress ? progressText(progress) : `${name}: ${state.support!.reason}`));
      })
    );
  for (const [verb, description] of VERBS) {
    const command = support
      .command(verb)
      .description(description)
      .argument('<engagement>')
      .requiredOption('--by <person>', 'who says so')
      .requiredOption('--comment <text>', 'what was found');
    if (verb === 'acknowledge') command.requiredOption('--incident <number>', 'which incident', numberOf);
    command.addHelpText('after', `\nExample:\n  ${exampleOf(verb)}`);
    command.action((name: string, options: Omit<SupportCommandInput, 'command'>, command: Command) =>
      withClient(async (client) => {
        const { state } = await statusOf(client, name);
        const args: [SupportCommandInput] = [{ ...options, command: verb }];
        const progress = await answered(client, () =>
          supportHandle(client, name, state).executeUpdate(supportUpdate, { args })
        );
        print(command, progress, () => `${verb}: accepted on day ${progress.day} of ${progress.days}`);
      })
    );
  }
}

function numberOf(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give the number of an incident, such as 1.');
}

const exampleOf = (verb: Verb): string =>
  `stepdown support ${verb} newswire${verb === 'acknowledge' ? ' --incident 1' : ''} --by ken@newswire.example --comment "a new feed"`;

function progressText(progress: SupportProgress): string {
  const { evidence, times } = progress;
  const shares = evidence ? GUARDS.map((guard) => `  ${guard}: ${shareOfBound(evidence[guard])} of its bound`) : [];
  const waited = times ? [`  ${waitingText(times)}`] : [];
  return [supportLine(progress), ...shares, ...waited, ...noteLines(progress).map((line) => `  ${line}`)].join('\n');
}

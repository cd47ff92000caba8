import { type Command, Option } from 'commander';
import { type Decision, OUTCOMES, type Outcome } from '../domain/decision.ts';
import type { RolloutCommand } from '../workflows/messages.ts';
import { withClient } from './connection.ts';
import { type DecideOptions, decide, unusableChanges } from './decide.ts';
import { steer } from './engagements.ts';
import { print } from './print.ts';
import { readYaml } from './yaml-file.ts';

interface DecideFlags extends Omit<DecideOptions, 'changes'> {
  changes?: string;
}

export function addDecisions(program: Command): void {
  const gateCommand = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<engagement>')
      .option('--gate <gate>', 'refuse unless this gate is the open one')
      .requiredOption('--by <person>', 'who decides: an approver, by name or mail address')
      .option('--comment <text>', 'why; required for everything but an approval');

  gateCommand('decide', 'decide the open gate of an engagement')
    .addOption(new Option('--outcome <outcome>', 'the decision').choices(OUTCOMES).makeOptionMandatory())
    .option(
      '--changes <file>',
      'YAML or JSON: quality thresholds or recipes to revise with, or at ptq the candidates that go on'
    )
    .addHelpText(
      'after',
      '\nExamples:\n  stepdown decide newswire --outcome waived --by ana@example.org --comment "FP16 is not needed"\n' +
        '  stepdown decide newswire --outcome revise --by ana@example.org --comment "1 point" --changes tighter.yaml'
    )
    .action((name: string, flags: DecideFlags, command: Command) => send(name, flags, command));
  for (const [verb, outcome] of [
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)
    gateCommand(verb, `shorthand for decide --outcome ${outcome}`)
      .addHelpText(
        'after',
        `\nExample:\n  stepdown ${verb} newswire --by ana@example.org --comment "seen with the desk"`
      )
      .action((name: string, flags: DecideFlags, command: Command) => send(name, { ...flags, outcome }, command));
}

export function addRollout(program: Command): void {
  const rollout = program.command('rollout').description('steer a running rollout');
  const verbs: [RolloutCommand, string][] = [
    ['pause', 'stay at the present weight'],
    ['resume', 'go on'],
    ['promote', 'end the hold of this stage: on its evidence, or as an approver with --comment'],
    ['rollback', 'take the candidate out of the traffic, for good'],
  ];
  for (const [verb, description] of verbs)
    rollout
      .command(verb)
      .description(description)
      .argument('<engagement>')
      .requiredOption('--by <person>', 'who says so')
      .option('--comment <text>', 'why', '')
      .addHelpText(
        'after',
        `\nExample:\n  stepdown rollout ${verb} newswire --by ken@newswire.example --comment "the desk asked for it"`
      )
      .action((name: string, { by, comment }: { by: string; comment: string }, command: Command) =>
        withClient(async (client) => {
          const progress = await steer(client, name, { command: verb, by, comment });
          print(command, progress, () => `${verb}: accepted at stage ${progress.stage || 'shadow'}`);
        })
      );
}

async function send(name: string, flags: DecideFlags, command: Command): Promise<void> {
  const changes = flags.changes ? readYaml(flags.changes, unusableChanges) : undefined;
  await withClient(async (client) => {
    const decision = await decide(client, name, { ...flags, changes, outcome: flags.outcome as Outcome, via: 'cli' });
    print(command, decision, () => decided(name, decision));
  });
}

function decided(name: string, { gate, outcome, by }: Decision): string {
  return `gate '${gate}' of ${name}: ${outcome} by ${by}`;
}

import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { stepdown } from '../../src/cli/program.ts';

const program = stepdown();

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** With its subcommands; the completion's own words are no verbs. */
const verbs = (command: Command, above = ''): [string, Command][] =>
  command.commands
    .filter((each) => !['help', 'complete', 'completion'].includes(each.name()))
    .flatMap((each) => {
      const name = `${above}${each.name()}`;
      return each.commands.length > 0 ? verbs(each, `${name} `) : [[name, each] as [string, Command]];
    });

it.each(verbs(program))('`%s --help` has an example of it', (name, command) => {
  expect(helpOf(command)).toMatch(new RegExp(`Examples?:\\n  stepdown ${name}`));
});

it('knows every verb', () => {
  const names = verbs(program).map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining(['up', 'init', 'start', 'access token', 'rollout pause', 'support open'])
  );
});

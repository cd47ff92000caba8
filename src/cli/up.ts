import type { Command } from 'commander';
import { loadConfig, type Running } from '../config.ts';
import { bringUp, UpAlready } from '../embedded/up.ts';
import { signInLink } from './access.ts';
import { CommandError, EXIT } from './errors.ts';
import { print } from './print.ts';

export function addUp(program: Command): void {
  program
    .command('up')
    .description(
      'run Temporal, worker, gateway, dashboard and API here until Ctrl-C; what ends by itself is started again'
    )
    .addHelpText(
      'after',
      '\nEverything is kept in STEPDOWN_HOME (default .stepdown), so a later `up` goes on where this one ended.\n\nExample:\n  stepdown up'
    )
    .action(async (_options, command: Command) => {
      const isJson = command.optsWithGlobals().json;
      const said = (line: string) => void (isJson ? process.stderr : process.stdout).write(`${line}\n`);
      const asked = new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
      });
      const config = loadConfig();
      const up = await bringUp(config, said).catch((error: Error) => {
        throw error instanceof UpAlready
          ? already(config.home, error.running)
          : new CommandError(
              EXIT.refused,
              error.message,
              '`npm run setup` installs what is missing; the logs are in the data directory'
            );
      });
      const { temporal, ui, gateway, server } = up;
      print(
        command,
        { temporal, ui, gateway, server },
        () =>
          `up: Temporal ${temporal}, its pages ${ui}, gateway ${gateway}, dashboard and API ${server}\nopen the dashboard (works once, within 15 minutes): ${signInLink(config, server)}\nCtrl-C ends it`
      );
      await asked;
      said('stopping');
      await up.stop();
    });
}

const already = (home: string, running: Running): CommandError =>
  new CommandError(
    EXIT.refused,
    `Stepdown is up already: process ${running.pid} runs it in ${home}, dashboard and API ${running.server}`,
    '`stepdown access link` gives a link that signs you in; end it there with Ctrl-C, or give this one another STEPDOWN_HOME',
    running
  );

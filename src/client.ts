import { CommanderError } from 'commander';
import { CommandError, EXIT } from './cli/errors.ts';
import { asCalled } from './cli/invocation.ts';
import { stepdown } from './cli/program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(); // who reads has seen enough, such as `head`
});

try {
  await stepdown().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage; // commander has printed it
  const { exitCode, message, next, details } =
    error instanceof CommandError ? error : unexpected(error instanceof Error ? error : new Error(String(error)));
  if (process.argv.includes('--json')) {
    const extra = details && typeof details === 'object' ? details : {};
    process.stdout.write(`${JSON.stringify({ error: asCalled(message), next: asCalled(next), ...extra })}\n`);
  } else process.stderr.write(asCalled(`${message}\n→ ${next}\n`));
  return exitCode;
}

function unexpected(error: Error): CommandError {
  return new CommandError(
    EXIT.refused,
    error.message,
    'see the logs in the data directory; `stepdown doctor` checks the rest'
  );
}

import type { Command } from 'commander';

/** One JSON document for machines, text for people. */
export function print(command: Command, document: unknown, text: () => string): void {
  process.stdout.write(`${command.optsWithGlobals().json ? JSON.stringify(document) : text()}\n`);
}

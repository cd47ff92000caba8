import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command as Completed } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';

type Complete = (value: string, description: string) => void;

const FILES = ['spec', 'model', 'file', 'html', 'out', 'prices', 'tokenizer', 'labels', 'traffic', 'changes'];

/** `stepdown completion bash|zsh|fish`: words from the command tree itself; call it when the tree is whole. */
export function addCompletion(program: Command): void {
  const root = tab(program, { completionCommandName: 'completion' });
  for (const command of [root, ...root.commands.values()] as Completed[]) {
    for (const argument of command.arguments.values()) argument.handler = valuesOf(argument.name) ?? argument.handler;
    for (const option of command.options.values())
      if (!option.isBoolean) option.handler = valuesOf(option.value) ?? option.handler;
  }
}

function valuesOf(name: string): ((complete: Complete) => void) | undefined {
  if (name === 'engagement') return (complete) => journals('', complete);
  if (name === 'portfolio') return (complete) => journals('portfolios', complete);
  if (FILES.includes(name)) return (complete) => files(process.argv.at(-1) ?? '', complete);
  return undefined;
}

/** Those with a journal in the data directory. */
function journals(folder: string, complete: Complete): void {
  for (const name of names(join(loadConfig().folders.journals, folder)))
    if (name.endsWith('.jsonl')) complete(name.replace(/\.jsonl$/, ''), '');
}

function files(typed: string, complete: Complete): void {
  const folder = typed.endsWith('/') ? typed : dirname(typed);
  const shown = typed.includes('/') ? folder : '';
  for (const name of names(folder || '.')) complete(join(shown, name), '');
}

/** Folders end in a slash, so that the next key goes on inside. */
function names(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
  } catch {
    return [];
  }
}

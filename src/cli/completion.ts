import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tab, { type Command as Completed } from '@bomb.sh/tab';
import ofCommander from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { journalNames } from './journals.ts';

type Complete = (value: string, description: string) => void;

const FILES = ['spec', 'model', 'file', 'html', 'out', 'prices', 'tokenizer', 'labels', 'traffic', 'changes'];

/** `stepdown completion bash|zsh|fish`: words from the command tree itself; call it when the tree is whole. */
export function addCompletion(program: Command): void {
  const root = ofCommander(program, { completionCommandName: 'completion' });
  for (const command of [root, ...root.commands.values()] as Completed[]) {
    for (const argument of command.arguments.values()) argument.handler = valuesOf(argument.name) ?? argument.handler;
    for (const option of command.options.values())
      if (!option.isBoolean) option.handler = valuesOf(option.value) ?? option.handler;
  }
  const command = program.commands.find((each) => each.name() === 'completion')!;
  command.action((shell: string) => void process.stdout.write(`${scriptFor(shell)}\n`));
}

/** By its path, as `stepdown` need not be on the PATH; an image without the launcher has it there. */
function scriptFor(shell: string): string {
  const launcher = join(loadConfig().root, 'bin/stepdown.mjs');
  const script = printed(() => tab.setup('stepdown', existsSync(launcher) ? launcher : 'stepdown', shell));
  return shell === 'bash' ? WORDS + readTwice(script) : script;
}

/** As the library only prints it. */
function printed(print: () => void): string {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  try {
    print();
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}

/** A shell that reads the script again, as every new one with it in .bashrc does, must not find constants there. */
const readTwice = (script: string): string =>
  script.replace(/^readonly /gm, '').replace('_get_comp_words_by_ref', '__stepdown_words');

/** Words of the line: those of the package bash-completion, and without it those that bash itself knows. */
const WORDS = `__stepdown_words() {
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref "$@"
    else
        words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
        cur=\${words[cword]} prev=\${words[cword - 1]}
    fi
}
`;

function valuesOf(name: string): ((complete: Complete) => void) | undefined {
  if (name === 'engagement') return (complete) => journals('', complete);
  if (name === 'portfolio') return (complete) => journals('portfolios', complete);
  if (FILES.includes(name)) return (complete) => files(process.argv.at(-1) ?? '', complete);
  return undefined;
}

/** Those with a journal in the data directory. */
function journals(folder: string, complete: Complete): void {
  for (const name of journalNames(join(loadConfig().folders.journals, folder))) complete(name, '');
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

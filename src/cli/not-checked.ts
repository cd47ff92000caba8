import { tmpdir } from 'node:os';
import { lastWords } from '../domain/errors.ts';
import { NotAvailable } from './errors.ts';

const AGAIN = 'then run the command again';
const DOCTOR = '`stepdown doctor` says what this machine has';

/** The first that fits what was said gives the next step. */
const CAUSES: [RegExp, string][] = [
  [
    /spawn .* (ENOENT|EACCES)/,
    `there is no Python there that can be run: \`npm run setup\` installs it, or STEPDOWN_PYTHON names another; ${AGAIN}`,
  ],
  [/ENOSPC|No space left/i, `free some space in ${tmpdir()} or set TMPDIR to another folder, ${AGAIN}`],
  [
    /was killed|MemoryError|bad_alloc|ENOMEM|annot allocate memory|out of memory/i,
    `it is memory most likely: end something else or give fewer or shorter rows, ${AGAIN}`,
  ],
  [
    /not available here|ModuleNotFoundError|ImportError|No module named/,
    `the toolkits are not as they were set up: \`npm run setup\` mends them, ${DOCTOR}; ${AGAIN}`,
  ],
];

/** What stands in the way of looking at model and rows, and is not theirs. */
export function notChecked(error: unknown): NotAvailable {
  if (error instanceof NotAvailable) return error;
  const said = lastWords(error);
  const line = said.trimEnd().split('\n').at(-1)!;
  const [begin] = said.split('\n');
  const words = begin === line ? line : `${begin!.replace(/: Traceback.*$/, '')}: ${line}`;
  const next = CAUSES.find(([cause]) => cause.test(said))?.[1] ?? `${DOCTOR}; mend it, ${AGAIN}`;
  return new NotAvailable(`model and rows could not be checked; nothing was started: ${words}`, next);
}

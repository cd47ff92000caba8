#!/usr/bin/env node
// Starts the command line on the project's own Node, whatever Node the machine has.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = `${root}node_modules/node/bin/node`;
if (!existsSync(node)) {
  console.error('Stepdown is not set up here yet. Run: npm run setup');
  process.exit(3);
}
const args = ['--disable-warning=ExperimentalWarning', `${root}src/client.ts`, ...process.argv.slice(2)];
// Compiled code is kept between runs: starting takes half the time, and so do the processes that `up` starts.
const env = { NODE_COMPILE_CACHE: `${root}.tools/compile-cache`, ...process.env };
const child = spawn(node, args, { stdio: 'inherit', env, argv0: called(process.argv[1], process.env) });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));

/** What a person types to call this file again. */
function called(path, { npm_command, PATH = '' }) {
  if (npm_command === 'exec') return 'npx stepdown';
  if (basename(path) === 'stepdown' && PATH.split(delimiter).includes(dirname(path))) return 'stepdown';
  const here = relative(process.cwd(), path);
  if (here.startsWith('..')) return path;
  return here.includes('/') ? here : `./${here}`;
}

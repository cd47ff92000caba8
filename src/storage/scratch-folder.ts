import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isSameProcess, processIdentity } from './process-identity.ts';

const ABANDONED_MS = 8 * 86_400_000; // of another host: no activity runs for longer than a week
const NAME = /^(.+)@(\d+)-(\d+|null)$/;

/**
 * A folder of this process for what it writes while it works. What earlier processes of this host left when they were
 * killed is removed, as is what no host has touched for longer than an activity may run.
 */
export async function makeScratchFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (await isLeftOver(folder, name)) await rm(join(folder, name), { recursive: true, force: true });
  const { pid, startedAt } = processIdentity(process.pid);
  const own = join(folder, `${hostname()}@${pid}-${startedAt}`);
  await mkdir(own, { recursive: true });
  return own;
}

async function isLeftOver(folder: string, name: string): Promise<boolean> {
  const [, host, pid, startedAt] = NAME.exec(name) ?? [];
  if (!host) return false;
  if (host === hostname())
    return !isSameProcess({ pid: Number(pid), startedAt: startedAt === 'null' ? null : startedAt! });
  const touched = await stat(join(folder, name)).catch(() => undefined); // another worker may remove it just now
  return touched !== undefined && Date.now() - touched.mtimeMs > ABANDONED_MS;
}

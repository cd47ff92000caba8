import { rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { HaproxyConfig } from '../../domain/router.ts';
import { type Router, RouterRefused } from './router.ts';

const ANSWER_TIMEOUT_MS = 5_000;

interface Server {
  name: string;
  isBackup: boolean;
  status: string;
}

/**
 * HAProxy by its runtime API: a threshold in a map, with which its own xxh32 of the unit is compared, so that it assigns
 * as the gateway does. Persistence by cookie overrides weights and draining, so an empty arm is in maintenance.
 */
export function haproxy({ socket, map, key, backend, stateFile }: HaproxyConfig): Router {
  const ask = (command: string) => askSocket(socket, command);

  async function order(command: string): Promise<void> {
    const answer = (await ask(command)).trim();
    if (answer) throw new RouterRefused(`HAProxy refused '${command}': ${answer}`);
  }

  async function entries(): Promise<[key: string, value: string][]> {
    const answer = await ask(`show map ${map}`);
    if (answer.startsWith('Unknown map')) throw new RouterRefused(`HAProxy has no map '${map}': ${answer.trim()}`);
    const lines = answer.split('\n').filter((line) => line.startsWith('0x'));
    return lines.map((line) => line.split(' ').slice(1) as [string, string]);
  }

  async function candidates(): Promise<Server[]> {
    const found = serversOf(await ask('show stat'), backend).filter(({ isBackup }) => !isBackup);
    if (found.length > 0) return found;
    throw new RouterRefused(`HAProxy has no backend '${backend}' with a server that is no backup`);
  }

  async function setState(state: 'maint' | 'ready'): Promise<void> {
    for (const { name, status } of await candidates())
      if (status.startsWith('MAINT') !== (state === 'maint'))
        await order(`set server ${backend}/${name} state ${state}`);
  }

  async function setMap(weight: number): Promise<void> {
    const isThere = (await entries()).some(([name]) => name === key);
    await order(`${isThere ? 'set' : 'add'} map ${map} ${key} ${weight}`);
  }

  /** HAProxy keeps neither over a restart by itself. */
  async function keep(): Promise<void> {
    if (!stateFile) return;
    await replace(map, (await entries()).map((entry) => `${entry.join(' ')}\n`).join(''));
    await replace(stateFile, await ask('show servers state'));
  }

  return {
    async set(weight) {
      // Never a client on its way to servers that are in maintenance.
      if (weight > 0) await setState('ready');
      await setMap(weight);
      if (weight === 0) await setState('maint');
      await keep();
    },
    async differenceFrom(weight) {
      const value = (await entries()).find(([name]) => name === key)?.[1];
      if (value !== String(weight)) return `HAProxy's map has ${value ?? 'nothing'} for '${key}', not ${weight}`;
      const wrong = (await candidates()).find(({ status }) => status.startsWith('MAINT') !== (weight === 0));
      return wrong && `HAProxy's server ${backend}/${wrong.name} is ${wrong.status} at a weight of ${weight}`;
    },
  };
}

function serversOf(stat: string, backend: string): Server[] {
  const [header, ...lines] = stat.replace(/^# /, '').trim().split('\n');
  const columns = header!.split(',');
  const [proxy, server, backup, status] = ['pxname', 'svname', 'bck', 'status'].map((name) => columns.indexOf(name));
  return lines
    .map((line) => line.split(','))
    .filter((fields) => fields[proxy!] === backend && !['FRONTEND', 'BACKEND'].includes(fields[server!]!))
    .map((fields) => ({ name: fields[server!]!, isBackup: fields[backup!] === '1', status: fields[status!]! }));
}

/** One command on a connection of its own; rejects when nothing answers. */
function askSocket(socket: string, command: string): Promise<string> {
  const address = /^(.+):(\d+)$/.exec(socket);
  const where = address ? { host: address[1]!, port: Number(address[2]) } : { path: socket };
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect(where, () => connection.end(`${command}\n`));
    connection.setTimeout(ANSWER_TIMEOUT_MS, () =>
      connection.destroy(new Error(`no answer in ${ANSWER_TIMEOUT_MS} ms`))
    );
    connection.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    connection.on('end', () => resolve(answer));
    connection.on('error', (error) =>
      reject(new Error(`HAProxy's socket ${socket} does not answer: ${error.message}`))
    );
  });
}

async function replace(path: string, content: string): Promise<void> {
  const beside = `${path}.stepdown`;
  await writeFile(beside, content);
  await rename(beside, path);
}

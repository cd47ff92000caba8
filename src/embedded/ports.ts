import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { jsonOf } from '../domain/json.ts';
import { writeAtomically } from '../storage/atomic-write.ts';

const SERVICES = ['temporal', 'ui', 'gateway', 'server'] as const;

export type Ports = Record<(typeof SERVICES)[number], number>;

interface KeptPorts extends Ports {
  /** What the server's port was asked to be; another wish than the last time is followed. */
  asked: number;
}

/** Those of the last time in this data directory, where they are still free: who follows it finds it again. */
export async function portsOf(home: string, serverPort: number): Promise<Ports> {
  const path = join(home, 'ports.json');
  const kept = await readFile(path, 'utf8').then(
    (text) => jsonOf(text) as KeptPorts | undefined,
    () => undefined
  );
  const wanted: Partial<Ports> = { ...kept, ...(kept?.asked !== serverPort && { server: serverPort }) };
  const others = await freePorts(SERVICES.length);
  const chosen = SERVICES.map(async (service, i) => {
    const port = wanted[service] ?? 0;
    return [service, (await isFree(port)) ? port : others[i]!] as const;
  });
  const ports = Object.fromEntries(await Promise.all(chosen)) as Ports;
  await writeAtomically(path, `${JSON.stringify({ ...ports, asked: serverPort })}\n`);
  return ports;
}

/** Free ports of the loopback interface, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
        })
    )
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Port 0 stands for any and is never free itself. */
function isFree(port: number): Promise<boolean> {
  if (port === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

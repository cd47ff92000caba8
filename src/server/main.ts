import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { endPreparing } from '../cli/prepared.ts';
import { loadConfig, temporalConnection } from '../config.ts';
import { Access } from './access.ts';
import { createServer } from './server.ts';

const USAGE = 'usage: main.ts [--host 127.0.0.1] [--port number]   (default port: STEPDOWN_SERVER_PORT)';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string' } },
  });
  const config = loadConfig();
  const port = Number(values.port ?? config.serverPort);
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port}\n${USAGE}`);
  const temporal = temporalConnection(config);
  if (!temporal) throw new Error('no Temporal server is known: set TEMPORAL_ADDRESS or run `stepdown up`');
  const connection = Connection.lazy(temporal.options);
  const access = new Access(join(config.home, 'access.db'));
  access.forgetUnanswered();
  const client = new Client({ connection, namespace: temporal.namespace, identity: 'server' });
  const publicUrl = () => config.publicUrl ?? `http://127.0.0.1:${port}`;
  const app = await createServer({ client, config, access, publicUrl });
  const stop = async () => {
    const ended = endPreparing();
    await app.close();
    await ended;
    await connection.close();
    access.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop); // the last: the supervisor was killed
  await app.listen({ host: values.host, port });
}

await main().catch((error: unknown) => {
  process.stderr.write(`the server cannot start: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from './errors.ts';
import { Routes } from './routes.ts';
import { createServer } from './server.ts';
import { Shadow } from './shadow.ts';
import { Store } from './store.ts';

const DRAIN_MS = 10_000;
const USAGE = `usage: node src/gateway/main.ts --port <number, 0 for any> --state <sqlite file> --artifacts <folder>
  [--host 127.0.0.1] [--deadline-ms 10000] [--max-in-flight 64] [--shadow-queue 64] [--read-timeout-ms 30000]
  STEPDOWN_GATEWAY_TOKEN  bearer token that the control plane and feedback then require`;

interface Settings {
  host: string;
  port: number;
  state: string;
  artifacts: string;
  deadlineMs: number;
  maximumInFlight: number;
  shadowQueue: number;
  readTimeoutMs: number;
  token: string | undefined;
}

async function main(settings: Settings): Promise<void> {
  const store = new Store(settings.state, (fault) => console.error(fault));
  const routes = new Routes({ store, artifacts: settings.artifacts, drainMs: settings.deadlineMs });
  const shadow = new Shadow(settings.shadowQueue, settings.deadlineMs / 2);
  const app = createServer({ routes, store, shadow, limits: settings, token: settings.token });
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await Promise.race([app.close().then(() => shadow.idle()), sleep(DRAIN_MS)]);
    for (const route of routes.all()) route.retire();
    store.close();
    await routes.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  await routes.restore();
  const listening = await app.listen({ host: settings.host, port: settings.port });
  console.log(JSON.stringify({ listening }));
}

/** Throws with what is wrong with the command line. */
function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string' },
      state: { type: 'string' },
      artifacts: { type: 'string' },
      'deadline-ms': { type: 'string', default: '10000' },
      'max-in-flight': { type: 'string', default: '64' },
      'shadow-queue': { type: 'string', default: '64' },
      'read-timeout-ms': { type: 'string', default: '30000' },
    },
  });
  const { state, artifacts } = values;
  if (!state || !artifacts) throw new Error('--state and --artifacts are required');
  const whole = (name: 'port' | 'deadline-ms' | 'max-in-flight' | 'shadow-queue' | 'read-timeout-ms', low: number) => {
    const number = Number(values[name] || Number.NaN);
    if (!Number.isSafeInteger(number) || number < low) throw new Error(`--${name} must be a whole number from ${low}`);
    return number;
  };
  return {
    host: values.host,
    port: whole('port', 0),
    state,
    artifacts,
    deadlineMs: whole('deadline-ms', 1),
    maximumInFlight: whole('max-in-flight', 1),
    shadowQueue: whole('shadow-queue', 0),
    readTimeoutMs: whole('read-timeout-ms', 1),
    token: process.env.STEPDOWN_GATEWAY_TOKEN || undefined,
  };
}

let settings: Settings;
try {
  settings = readSettings(process.argv.slice(2));
} catch (error) {
  console.error(`${messageOf(error)}\n${USAGE}`);
  process.exit(2);
}
try {
  await main(settings);
} catch (error) {
  console.error(`the gateway cannot start: ${messageOf(error)}`);
  process.exit(1);
}

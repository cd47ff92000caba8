import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayProcess, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import type { Figure } from '../figure.ts';
import { quantile } from '../load/bare.ts';
import { type Answered, Client } from './traffic.ts';

const RATE = 200;
const AFTER_TRIP_MS = 300;

/** A candidate that begins to answer wrongly, at 200 requests a second with full shadow; no Temporal anywhere. */
export async function toZeroFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const runs = quick ? 10 : 40;
  const gateway = await GatewayProcess.start();
  const client = new Client(gateway.url, 64);
  try {
    const played: { crossing: number; fault: number }[] = [];
    for (let run = 0; run < runs; run++) played.push(await play(gateway, client, run));
    const where = `${runs} regressions at ${RATE}/s, gateway alone`;
    return [
      {
        name: `${where}: crossing observation to last new candidate request, p99`,
        value: quantile(
          played.map(({ crossing }) => crossing),
          0.99
        ),
        unit: 'ms',
        goal: 1_000,
        peer: null,
      },
      {
        name: `${where}: fault to 0 %, p90`,
        value: quantile(
          played.map(({ fault }) => fault),
          0.9
        ),
        unit: 'ms',
        goal: 2_000,
        peer: null,
      },
    ];
  } finally {
    client.close();
    await gateway.dispose();
  }
}

/** The fault is a swap to a candidate that is always wrong, at half of the traffic. */
async function play(
  gateway: GatewayProcess,
  client: Client,
  run: number
): Promise<{ crossing: number; fault: number }> {
  await gateway.open(routeConfig('opposite', { rollout: `rollout/${run}` }));
  await gateway.call('PUT', `/control/models/${MODEL}/weight`, { weight: 5_000, stage: '50%' });
  const faultAt = performance.now();
  const sending: Promise<Answered>[] = [];
  let trippedAt: number | undefined;
  const watch = gateway
    .until(({ trip }) => trip !== null)
    .then(({ trip }) => {
      trippedAt = Date.parse(trip!.at) - performance.timeOrigin;
    });
  for (let index = 0; trippedAt === undefined || performance.now() < trippedAt + AFTER_TRIP_MS; index++) {
    await sleep(Math.max(0, faultAt + (index * 1_000) / RATE - performance.now()));
    sending.push(client.infer(run * 100_000 + index));
  }
  await watch;
  const answers = await Promise.all(sending);
  const last = Math.max(faultAt, ...answers.filter(({ arm }) => arm === 'candidate').map(({ sentAt }) => sentAt));
  return { crossing: Math.max(0, last - trippedAt!), fault: Math.max(last, trippedAt!) - faultAt };
}

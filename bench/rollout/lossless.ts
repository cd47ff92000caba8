import { GatewayProcess, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import type { Figure } from '../figure.ts';
import { Client } from './traffic.ts';

const CONNECTIONS = 8;

/** Weights set, rollouts taken back and candidates killed under keep-alive traffic; every answer is checked. */
export async function losslessFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const scale = quick ? 10 : 1;
  const [requests, changes, rollbacks, kills] = [100_000, 200, 50, 10].map((full) => full / scale) as [
    number,
    number,
    number,
    number,
  ];
  const gateway = await GatewayProcess.start();
  const client = new Client(gateway.url, CONNECTIONS);
  try {
    const open = (rollout: number) =>
      gateway.open(
        routeConfig('same', {
          rollout: `rollout/${rollout}`,
          shadowSample: 0.1,
          judge: { ...routeConfig('same').judge, errorBudget: 0.8 },
        })
      );
    await open(0);
    let [sent, lost, foreign, rollout] = [0, 0, 0, 0];
    const seen = new Set<string>();
    let duplicated = 0;
    const send = async () => {
      while (sent < requests) {
        const { status, id, isOwn } = await client.infer(sent++);
        if (status !== 200) lost++;
        else if (!isOwn) foreign++;
        if (id && seen.has(id)) duplicated++;
        if (id) seen.add(id);
      }
    };
    const reached = async (share: number) => {
      while (sent < share * requests) await gateway.status();
    };
    const steer = async () => {
      const every = Math.round(changes / rollbacks);
      const killEvery = Math.round(changes / kills);
      for (let change = 1; change <= changes; change++) {
        await reached(change / (changes + 1));
        if (change % killEvery === 0) await killCandidate(gateway);
        if (change % every === 0) {
          await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'bench', by: 'bench' });
          await open(++rollout);
        }
        await gateway.setWeight([2_500, 5_000, 10_000][change % 3]!);
      }
    };
    await Promise.all([...Array.from({ length: CONNECTIONS }, send), steer()]);
    const where = `${requests} keep-alive POSTs, ${changes} weights, ${rollout} rollbacks, ${kills} kills`;
    return [
      { name: `${where}: lost`, value: lost, unit: 'requests', goal: 0, peer: null },
      { name: `${where}: duplicated`, value: duplicated, unit: 'requests', goal: 0, peer: null },
      { name: `${where}: answered with another's`, value: foreign, unit: 'requests', goal: 0, peer: null },
    ];
  } finally {
    client.close();
    await gateway.dispose();
  }
}

async function killCandidate(gateway: GatewayProcess): Promise<void> {
  const { arms } = await gateway.until((status) => status.arms!.candidate.pid !== null);
  process.kill(arms!.candidate.pid!, 'SIGKILL');
}

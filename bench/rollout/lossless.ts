import { GatewayProcess, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import { HaproxyProcess, haproxyMissing } from '../../test/fixtures/haproxy/haproxy.ts';
import type { Figure } from '../figure.ts';
import { Client } from './traffic.ts';

const CONNECTIONS = 8;

interface Play {
  requests: number;
  changes: number;
  rollbacks: number;
  kills: number;
}

const playOf = (quick: boolean): Play => {
  const scale = quick ? 10 : 1;
  return { requests: 100_000 / scale, changes: 200 / scale, rollbacks: 50 / scale, kills: 10 / scale };
};

const config = (rollout: number) =>
  routeConfig('same', {
    rollout: `rollout/${rollout}`,
    shadowSample: 0.1,
    judge: { ...routeConfig('same').judge, errorBudget: 0.8 },
  });

/** Weights set, rollouts taken back and candidates killed under keep-alive traffic; every answer is checked. */
export async function losslessFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const gateway = await GatewayProcess.start();
  try {
    return await play(playOf(quick), { url: gateway.url, gateway, open: (rollout) => gateway.open(config(rollout)) });
  } finally {
    await gateway.dispose();
  }
}

/** The same through HAProxy, which sends the twin's clients to a server of their own; nobody is killed. */
export async function haproxyFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  if (haproxyMissing) console.error(`the part through HAProxy is left out: ${haproxyMissing}`);
  if (haproxyMissing) return [];
  const [twin, gateway] = await Promise.all([GatewayProcess.start(), GatewayProcess.start()]);
  const haproxy = await HaproxyProcess.start({ twin: twin.url, candidate: gateway.url });
  try {
    await twin.open(routeConfig('same', { shadowSample: 0 }));
    const { router, url } = haproxy;
    const open = (rollout: number) => gateway.open({ ...config(rollout), router });
    return await play({ ...playOf(quick), kills: 0 }, { url, gateway, open, through: ' through HAProxy' });
  } finally {
    await haproxy.dispose();
    await Promise.all([twin.dispose(), gateway.dispose()]);
  }
}

/** What is asked, and what is steered meanwhile. */
interface Setting {
  url: string;
  gateway: GatewayProcess;
  open: (rollout: number) => Promise<{ status: number }>;
  through?: string;
}

async function play({ requests, changes, rollbacks, kills }: Play, { url, gateway, open, through = '' }: Setting) {
  const client = new Client(url, CONNECTIONS);
  let [sent, lost, foreign, duplicated, rollout] = [0, 0, 0, 0, 0];
  const seen = new Set<string>();
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
  const mustBeTaken = ({ status }: { status: number }) => {
    if (status !== 200) throw new Error(`the gateway answered ${status} to a change`);
  };
  const steer = async () => {
    const every = Math.round(changes / rollbacks);
    const killEvery = kills > 0 ? Math.round(changes / kills) : Number.POSITIVE_INFINITY;
    for (let change = 1; change <= changes; change++) {
      await reached(change / (changes + 1));
      if (change % killEvery === 0) await killCandidate(gateway);
      if (change % every === 0) {
        mustBeTaken(await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'bench', by: 'bench' }));
        mustBeTaken(await open(++rollout));
      }
      mustBeTaken(await gateway.setWeight([2_500, 5_000, 10_000][change % 3]!));
    }
  };
  try {
    mustBeTaken(await open(0));
    await Promise.all([...Array.from({ length: CONNECTIONS }, send), steer()]);
  } finally {
    client.close();
  }
  const killed = kills > 0 ? `, ${kills} kills` : '';
  const where = `${requests} keep-alive POSTs${through}, ${changes} weights, ${rollout} rollbacks${killed}`;
  return [
    { name: `${where}: lost`, value: lost, unit: 'requests', goal: 0, peer: null },
    { name: `${where}: duplicated`, value: duplicated, unit: 'requests', goal: 0, peer: null },
    { name: `${where}: answered with another's`, value: foreign, unit: 'requests', goal: 0, peer: null },
  ];
}

async function killCandidate(gateway: GatewayProcess): Promise<void> {
  const { arms } = await gateway.until((status) => status.arms!.candidate.pid !== null);
  process.kill(arms!.candidate.pid!, 'SIGKILL');
}

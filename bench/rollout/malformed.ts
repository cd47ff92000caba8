import { Agent } from 'node:http';
import { connect } from 'node:net';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import { GatewayProcess, inferBody, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import { mutated } from '../../test/fixtures/gateway/mutated.ts';
import type { Figure } from '../figure.ts';
import { post } from './traffic.ts';

const LARGE_BYTES = 100 * 2 ** 20;
const SEED = 6;

/** Requests that are wrong in known ways, then many that are wrong in random ways, between ones that are right. */
export async function malformedFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const gateway = await GatewayProcess.start(['--read-timeout-ms', '3000']);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  try {
    await gateway.open(routeConfig('same', { judge: { ...routeConfig('same').judge, errorBudget: 0.9 } }));
    const known = await knownMistakes(gateway, agent);
    const fuzz = await fuzzed(gateway, agent, quick ? 1_000 : 10_000);
    return [
      {
        name: 'six kinds of malformed request: not refused as the protocol says',
        value: known.wrong,
        unit: '',
        goal: 0,
        peer: null,
      },
      {
        name: 'six kinds of malformed request: longest to the answer',
        value: known.longestMs,
        unit: 'ms',
        goal: 6_000,
        peer: null,
      },
      {
        name: `${fuzz.requests} mutated requests: answers that belong to another, or none`,
        value: fuzz.wrong,
        unit: '',
        goal: 0,
        peer: null,
      },
    ];
  } finally {
    agent.destroy();
    await gateway.dispose();
  }
}

async function knownMistakes(gateway: GatewayProcess, agent: Agent): Promise<{ wrong: number; longestMs: number }> {
  const at = (model: string) => new URL(`/v2/models/${model}/infer`, gateway.url);
  const [ids, mask] = inferBody([[1, 2]]).inputs;
  const asked: [status: number, call: () => Promise<{ status: number; body: Buffer }>][] = [
    [400, () => post(agent, at(MODEL), JSON.stringify({ inputs: [{ ...ids, shape: [2] }, mask] }))],
    [400, () => post(agent, at(MODEL), JSON.stringify({ inputs: [{ ...ids, datatype: 'FP32' }, mask] }))],
    [400, () => post(agent, at(MODEL), Buffer.alloc(40), { 'inference-header-content-length': '90' })],
    [413, () => post(agent, at(MODEL), Buffer.alloc(LARGE_BYTES))],
    [404, () => post(agent, at('unknown'), JSON.stringify({ inputs: [ids, mask] }))],
    [408, () => slowly(gateway)],
  ];
  let [wrong, longestMs] = [0, 0];
  for (const [status, call] of asked) {
    const startedAt = performance.now();
    const answer = await call();
    longestMs = Math.max(longestMs, performance.now() - startedAt);
    if (answer.status !== status || typeof JSON.parse(answer.body.toString()).error !== 'string') wrong++;
  }
  return { wrong, longestMs };
}

/** A client that stops in the middle of its body. */
async function slowly({ url }: GatewayProcess): Promise<{ status: number; body: Buffer }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`POST /v2/models/${MODEL}/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
  const text = Buffer.concat(await socket.toArray()).toString();
  return { status: Number(text.split(' ')[1]), body: Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4)) };
}

async function fuzzed(gateway: GatewayProcess, agent: Agent, requests: number) {
  const random = seededRandom(SEED);
  const at = new URL(`/v2/models/${MODEL}/infer`, gateway.url);
  let [wrong, next] = [0, 0];
  const client = async () => {
    while (next < requests) {
      const { body, headers, fits } = mutated(next++, random);
      if (!fits(await post(agent, at, body, headers))) wrong++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  if (!(await gateway.call('GET', '/v2/health/ready')).body.ready) wrong++;
  return { requests, wrong };
}

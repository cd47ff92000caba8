import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startHost } from '../../src/inference/host.ts';
import { GatewayProcess, inferBody, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import type { Figure } from '../figure.ts';
import { inTurns, quantile } from '../load/bare.ts';
import { post } from './traffic.ts';

const TWIN = fileURLToPath(new URL('../../test/fixtures/gateway/twin.onnx', import.meta.url));
const PAUSE_MS = 3;
const WARMUP = 200;
const one = () => BigInt64Array.of(1n);

/** One request at a time with pauses: the arm's host called directly, through the gateway, and with full shadow. */
export async function gatewayOverheadFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const gateway = await GatewayProcess.start();
  const host = await startHost({ modelPath: TWIN, options: { threads: 1 } });
  const agent = new Agent({ keepAlive: true });
  try {
    const requests = quick ? 100 : 250;
    const feeds = () => ({
      input_ids: { type: 'int64' as const, dims: [1, 1], data: one() },
      attention_mask: { type: 'int64' as const, dims: [1, 1], data: one() },
    });
    const config = (model: string, shadowSample: number) =>
      routeConfig('same', { model, rollout: model, shadowSample });
    await gateway.open(config(MODEL, 0));
    await gateway.open(config('shadowed', 1));
    const body = JSON.stringify(inferBody([[1]]));
    const through = (model: string) => () => post(agent, new URL(`/v2/models/${model}/infer`, gateway.url), body);
    const arms = { direct: () => host.run(feeds()), gateway: through(MODEL), shadowed: through('shadowed') };
    for (const call of Object.values(arms)) await latencies(call, WARMUP, 0);
    const said = await inTurns(quick ? 12 : 30, {
      direct: () => latencies(arms.direct, requests, PAUSE_MS),
      gateway: () => latencies(arms.gateway, requests, PAUSE_MS),
      shadowed: () => latencies(arms.shadowed, requests, PAUSE_MS),
    });
    const at = (arm: keyof typeof arms, p: number) =>
      quantile(
        said.flatMap((block) => block[arm]),
        p
      );
    const over = (p: number) => at('gateway', p) - at('direct', p);
    const shadow = (p: number) => at('shadowed', p) - at('gateway', p);
    const ms = { unit: 'ms', peer: null };
    return [
      { name: 'gateway over its arm called directly: p50', value: over(0.5), goal: 0.5, ...ms },
      { name: 'gateway over its arm called directly: p99', value: over(0.99), goal: 2, ...ms },
      { name: 'full shadow over none, for the client: p50', value: shadow(0.5), goal: 0.1, ...ms },
    ];
  } finally {
    agent.destroy();
    await host.close();
    await gateway.dispose();
  }
}

async function latencies(call: () => Promise<unknown>, requests: number, pauseMs: number): Promise<number[]> {
  const taken: number[] = [];
  for (let request = 0; request < requests; request++) {
    const startedAt = performance.now();
    await call();
    taken.push(performance.now() - startedAt);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return taken;
}

import { fileURLToPath } from 'node:url';
import { startHost } from '../../src/inference/host.ts';
import { GatewayProcess, inferBody, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import type { Figure } from '../figure.ts';
import { inTurns, quantile } from '../load/bare.ts';
import { openLine } from './line.ts';

const TWIN = fileURLToPath(new URL('../../test/fixtures/gateway/twin.onnx', import.meta.url));
const WARMUP = 500;
const CONNECTIONS = 8;
const one = () => BigInt64Array.of(1n);

type Call = () => Promise<unknown>;

/** At half of the gateway's largest rate: the arm's host called directly, through the gateway, and with full shadow. */
export async function gatewayOverheadFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const gateway = await GatewayProcess.start();
  const host = await startHost({ modelPath: TWIN, options: { threads: 1 } });
  const at = (model: string) => new URL(`/v2/models/${model}/infer`, gateway.url);
  const body = JSON.stringify(inferBody([[1]]));
  const lines = await Promise.all(Array.from({ length: CONNECTIONS }, () => openLine(at(MODEL), body)));
  const shadowed = await openLine(at('shadowed'), body);
  try {
    const requests = quick ? 200 : 500;
    const config = (model: string, shadowSample: number) =>
      routeConfig('same', { model, rollout: model, shadowSample });
    await gateway.open(config(MODEL, 0));
    await gateway.open(config('shadowed', 1));
    const feeds = () => ({
      input_ids: { type: 'int64' as const, dims: [1, 1], data: one() },
      attention_mask: { type: 'int64' as const, dims: [1, 1], data: one() },
    });
    const arms = { direct: () => host.run(feeds()), gateway: lines[0]!.send, shadowed: shadowed.send };
    for (const call of Object.values(arms)) await latencies(call, WARMUP, 0);
    const everyMs =
      2 *
      (await shortestGapMs(
        lines.map(({ send }) => send),
        requests
      ));
    const said = await inTurns(quick ? 12 : 30, {
      direct: () => latencies(arms.direct, requests, everyMs),
      gateway: () => latencies(arms.gateway, requests, everyMs),
      shadowed: () => latencies(arms.shadowed, requests, everyMs),
    });
    const quantileOf = (arm: keyof typeof arms, p: number) =>
      quantile(
        said.flatMap((block) => block[arm]),
        p
      );
    const over = (p: number) => quantileOf('gateway', p) - quantileOf('direct', p);
    const shadow = quantileOf('shadowed', 0.5) - quantileOf('gateway', 0.5);
    const ms = { unit: 'ms', peer: null };
    const where = `at ${Math.round(1_000 / everyMs)}/s, half of its largest rate`;
    return [
      { name: `gateway over its arm called directly, ${where}: p50`, value: over(0.5), goal: 0.5, ...ms },
      { name: `gateway over its arm called directly, ${where}: p99`, value: over(0.99), goal: 2, ...ms },
      { name: `full shadow over none, for the client, ${where}: p50`, value: shadow, goal: 0.1, ...ms },
    ];
  } finally {
    for (const { close } of [...lines, shadowed]) close();
    await host.close();
    await gateway.dispose();
  }
}

/** Milliseconds from answer to answer with every connection asking again at once. */
async function shortestGapMs(calls: Call[], requests: number): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(calls.map((call) => latencies(call, requests, 0)));
  return (performance.now() - startedAt) / (calls.length * requests);
}

/** One request at a time, each no sooner than `everyMs` after the one before. */
async function latencies(call: Call, requests: number, everyMs: number): Promise<number[]> {
  const taken: number[] = [];
  for (let request = 0; request < requests; request++) {
    const startedAt = performance.now();
    await call();
    taken.push(performance.now() - startedAt);
    await until(startedAt + everyMs);
  }
  return taken;
}

/** Timers are too coarse for this, so the loop turns. */
async function until(moment: number): Promise<void> {
  while (performance.now() < moment) await new Promise(setImmediate);
}

import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTrafficActivities } from '../../src/activities/traffic.ts';
import type { Journal } from '../../src/storage/journal.ts';
import { artifactOf, GatewayProcess, LABELS } from '../fixtures/gateway/gateway.ts';
import { KubernetesStandIn } from '../fixtures/kubernetes.ts';
import { spec as specOf } from '../workflows/fakes.ts';

const ROUTE = '/apis/gateway.networking.k8s.io/v1/namespaces/prod/httproutes/topics';
const refs = (twin: number, candidate: number) => [
  { name: 'fp32', weight: twin },
  { name: 'int8', weight: candidate },
];

let api: KubernetesStandIn;
let gateway: GatewayProcess;

beforeEach(async () => {
  [api, gateway] = await Promise.all([KubernetesStandIn.start(), GatewayProcess.start()]);
});
afterEach(() => Promise.all([gateway.dispose(), api.dispose()]));

/** As a worker runs it. */
const run = <Input, T>(activity: (input: Input) => Promise<T>, input: Input): Promise<T> =>
  new MockActivityEnvironment().run(activity as never, input);

it('the rollout opens, raises and empties the router of its specification, and confirms only what was read back', async () => {
  api.put(ROUTE, { rules: [{ backendRefs: refs(1, 1) }] });
  const journalled: unknown[] = [];
  const journal = { append: async (_event: string, _kind: string, body: unknown) => void journalled.push(body) };
  const traffic = createTrafficActivities({
    gateway: () => gateway.url,
    journalOf: () => journal as unknown as Journal,
  });
  const plain = specOf('acme');
  const names = { namespace: 'prod', route: 'topics', twin: 'fp32', candidate: 'int8' };
  const spec = {
    ...plain,
    model: { ...plain.model, labels: LABELS },
    rollout: { ...plain.rollout, router: { kind: 'gateway-api' as const, ...names, ...api.access } },
  };
  const { engagement, model } = spec;
  const [twin, candidate] = [artifactOf('twin.onnx'), artifactOf('same.onnx')];
  const { router } = await run(traffic.openRoute, { spec, rollout: 'rollout/1', twin, candidate });
  expect(router).toMatchObject({ kind: 'gateway-api', weight: 0 });
  expect(api.spec(ROUTE)).toEqual({ rules: [{ backendRefs: refs(10_000, 0) }] });

  await run(traffic.setTrafficWeight, { engagement, model: model.name, weight: 25, stage: '25%' });
  expect(api.spec(ROUTE)).toEqual({ rules: [{ backendRefs: refs(7_500, 2_500) }] });
  expect(journalled).toMatchObject([{ weight: 25, stage: '25%' }]);

  api.forbidden = true;
  const order = { model: model.name, reason: 'a test' };
  await expect(run(traffic.returnToTwin, order)).rejects.toThrow(/gateway-api is not confirmed at 0: .*403/);
  api.forbidden = false;
  const { weight, trippedAt, zeroAt, readAt } = await run(traffic.returnToTwin, order);
  expect(weight).toBe(0);
  expect(zeroAt! > trippedAt!).toBe(true); // the router took longer than the gateway
  expect(readAt! >= zeroAt!).toBe(true);
  expect(api.spec(ROUTE)).toEqual({ rules: [{ backendRefs: refs(10_000, 0) }] });
});

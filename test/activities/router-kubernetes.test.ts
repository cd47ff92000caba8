import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouterConfig } from '../../src/domain/router.ts';
import { GatewayProcess, MODEL, routeConfig } from '../fixtures/gateway/gateway.ts';
import { KubernetesStandIn } from '../fixtures/kubernetes.ts';

const SERVICE = '/apis/serving.kserve.io/v1beta1/namespaces/prod/inferenceservices/topics';
const ROUTE = '/apis/gateway.networking.k8s.io/v1/namespaces/prod/httproutes/topics';

let api: KubernetesStandIn;
let gateway: GatewayProcess;

beforeEach(async () => {
  [api, gateway] = await Promise.all([KubernetesStandIn.start(), GatewayProcess.start()]);
});
afterEach(() => Promise.all([gateway.dispose(), api.dispose()]));

const open = (router: RouterConfig) => gateway.open(routeConfig('same', { router }));
const kserve = (more: object = {}): RouterConfig => ({
  kind: 'kserve',
  namespace: 'prod',
  service: 'topics',
  ...api.access,
  ...more,
});
const httpRoute = (): RouterConfig => ({
  kind: 'gateway-api',
  namespace: 'prod',
  route: 'topics',
  twin: 'topics-fp32',
  candidate: 'topics-int8',
  ...api.access,
});

it('answers with the candidate whatever a router without the hash gave it, and counts no unit of one arm alone', async () => {
  api.put(ROUTE, { rules: [{ backendRefs: [{ name: 'topics-fp32' }, { name: 'topics-int8', weight: 0 }] }] });
  const guardrails = { slowMargin: 0.02, wrongRate: 0.1, twinDropMargin: 0.015 };
  const judge = { ...routeConfig('same').judge, guardrails };
  expect(await gateway.open(routeConfig('same', { router: httpRoute(), judge }))).toMatchObject({ status: 200 });
  const arms = async () => {
    const answers = [];
    for (let index = 0; index < 40; index++) answers.push(await gateway.infer([[1]], { unit: `user-${index}` }));
    return [...new Set(answers.map(({ body }) => body.parameters.arm))];
  };
  expect(await arms()).toEqual(['twin']);
  await gateway.setWeight(100);
  expect(await arms()).toEqual(['candidate']);
  const { trip, counts, served, judgement } = await gateway.until((status) => status.counts.pairs === 80);
  expect({ trip, strata: counts.strata, served: served.candidate }).toEqual({
    trip: null,
    strata: undefined,
    served: 40,
  });
  expect(judgement.evidence.find(({ name }) => name === 'sample-ratio')).toMatchObject({ lnE: 0, seen: 0 });
  await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'a test', by: 'test' });
  expect(await arms()).toEqual(['twin']);
});

describe('KServe', () => {
  it('gets the percent of the latest revision, and 0 at a trip', async () => {
    api.put(SERVICE, { predictor: { model: { modelFormat: { name: 'onnx' } } } });
    expect(await open(kserve())).toMatchObject({ status: 200, body: { router: { kind: 'kserve', weight: 0 } } });
    expect((await gateway.setWeight(2_500)).body.router).toEqual({
      kind: 'kserve',
      weight: 2_500,
      lastError: null,
      confirmedAt: expect.any(String),
    });
    expect(api.spec(SERVICE)).toEqual({
      predictor: { model: { modelFormat: { name: 'onnx' } }, canaryTrafficPercent: 25 },
    });
    await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'a test', by: 'test' });
    expect(api.spec(SERVICE)).toMatchObject({ predictor: { canaryTrafficPercent: 0 } });
    expect(api.patches.map(({ body }) => Object.keys(body))).toEqual(Array(3).fill(['metadata', 'spec']));
  });

  it('gets the percent of a named canary of a raw deployment, and leaves the others', async () => {
    const other = { trafficPercent: 5, predictor: { name: 'v1' } };
    api.put(SERVICE, {
      predictor: { name: 'v0' },
      canary: [other, { trafficPercent: 0, predictor: { name: 'int8' } }],
    });
    await open(kserve({ canary: 'int8' }));
    await gateway.setWeight(500);
    expect(api.spec(SERVICE)).toEqual({
      predictor: { name: 'v0' },
      canary: [other, { trafficPercent: 5, predictor: { name: 'int8' } }],
    });
  });

  it('refuses shares that are no whole percent before anything is changed', async () => {
    api.put(SERVICE, { predictor: {} });
    await open(kserve());
    expect(await gateway.setWeight(50)).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('0.5 %') },
    });
    expect((await gateway.status()).weight).toBe(0);
  });

  it('makes its patch anew where the object was changed meanwhile', async () => {
    api.put(SERVICE, { predictor: { canaryTrafficPercent: 0 } });
    await open(kserve());
    let others = 3;
    api.afterRead = () => {
      if (others-- > 0) api.put(SERVICE, { predictor: { canaryTrafficPercent: 1, minReplicas: 10 - others } });
    };
    expect((await gateway.setWeight(1_000)).body.router).toMatchObject({ weight: 1_000 });
    expect(api.spec(SERVICE)).toEqual({ predictor: { canaryTrafficPercent: 10, minReplicas: 10 } });
  });

  it('says which role is missing, and is put right once it is granted', async () => {
    api.put(SERVICE, { predictor: {} });
    await open(kserve());
    api.forbidden = true;
    const { status, body } = await gateway.setWeight(1_000);
    expect(status).toBe(422);
    expect(body.error).toMatch(/403.*cannot patch.*grant .*inferenceservices.*\[get, patch\] in namespace prod/);
    api.forbidden = false;
    await gateway.until(({ router }) => router?.weight === 1_000);
  });
});

describe('Gateway API', () => {
  const refs = (twin?: number, candidate?: number) => [
    { name: 'topics-fp32', port: 8080, ...(twin !== undefined && { weight: twin }) },
    { name: 'topics-int8', port: 8080, ...(candidate !== undefined && { weight: candidate }) },
  ];
  const filters = [{ type: 'RequestHeaderModifier' }];
  const other = { matches: [{ path: { value: '/admin' } }], backendRefs: [{ name: 'admin', port: 80 }] };

  it('gets the weights of both services, and keeps what else the route has', async () => {
    api.put(ROUTE, { hostnames: ['models.example'], rules: [{ filters, backendRefs: refs() }, other] });
    expect((await open(httpRoute())).body.error).toBeUndefined();
    expect(api.spec(ROUTE)).toMatchObject({ rules: [{ backendRefs: refs(10_000, 0) }, other] });
    expect((await gateway.setWeight(123)).body.router).toEqual({
      kind: 'gateway-api',
      weight: 123,
      lastError: null,
      confirmedAt: expect.any(String),
    });
    expect(api.spec(ROUTE)).toEqual({
      hostnames: ['models.example'],
      rules: [{ filters, backendRefs: refs(9_877, 123) }, other],
    });
  });

  it('is put right where somebody else changes the weights', async () => {
    api.put(ROUTE, { rules: [{ backendRefs: refs() }] });
    await open(httpRoute());
    await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'a test', by: 'test' });
    api.put(ROUTE, { rules: [{ backendRefs: refs(50, 50) }] });
    const before = api.patches.length;
    await gateway.until(() => api.patches.length > before);
    expect(api.spec(ROUTE)).toEqual({ rules: [{ backendRefs: refs(10_000, 0) }] });
  });

  it('is refused where the route has not both services, or is not there', async () => {
    expect(await open(httpRoute())).toMatchObject({ status: 422, body: { error: expect.stringContaining('404') } });
    api.put(ROUTE, { rules: [other] });
    const { status, body } = await open(httpRoute());
    expect(status).toBe(422);
    expect(body.error).toContain("no rule with both backendRefs 'topics-fp32' and 'topics-int8'");
  });
});

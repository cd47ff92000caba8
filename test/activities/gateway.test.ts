import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from '../../src/domain/assignment.ts';
import type { RouteStatus } from '../../src/domain/traffic.ts';
import {
  artifactOf,
  GatewayProcess,
  inferBody,
  LABELS,
  MODEL,
  routeConfig,
  tokens,
} from '../fixtures/gateway/gateway.ts';

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});

afterAll(() => gateway.dispose());

const open: GatewayProcess['rollOut'] = (...rollout) => gateway.rollOut(...rollout);

describe('assignment', () => {
  it('is sticky, and monotone in the weight', async () => {
    await open('same', { shadowSample: 0 });
    const users = Array.from({ length: 60 }, (_, user) => `user-${user}`);
    const onCandidate = async () => {
      const answers = await Promise.all(users.map((unit) => gateway.infer([[1]], { unit })));
      return users.filter((_, user) => answers[user]!.body.parameters.arm === 'candidate');
    };
    let before: string[] = [];
    for (const weight of [0, 500, 2_500, 5_000, 10_000]) {
      await gateway.setWeight(weight);
      const now = await onCandidate();
      expect(now).toEqual(expect.arrayContaining(before));
      expect(await onCandidate()).toEqual(now);
      before = now;
    }
    expect(before).toEqual(users);
  });

  it('hashes the request id where the header is missing or empty', async () => {
    await open('same', { shadowSample: 0 });
    const missing = await gateway.infer([[1]], { id: 'user-2' });
    const empty = await gateway.infer([[1]], { id: 'user-2', unit: '' });
    expect([missing.body.parameters.bucket, empty.body.parameters.bucket]).toEqual([979, 979]);
  });

  it('hashes the bytes of a header that is not ASCII', async () => {
    const path = `/v2/models/${MODEL}/infer`;
    const unit = Buffer.from('顧客-7', 'utf8').toString('latin1');
    const call = request(new URL(path, gateway.url), {
      method: 'POST',
      agent: new Agent({ keepAlive: false }),
      headers: { 'content-type': 'application/json', 'x-stepdown-unit': unit },
    });
    // As a buffer: with a text body, Node's client would encode the headers as UTF-8 once more.
    call.end(Buffer.from(JSON.stringify(inferBody([[1]]))));
    const [response] = await once(call, 'response');
    const body = JSON.parse(Buffer.concat(await response.toArray()).toString());
    expect(body.parameters.bucket).toBe(787);
  });
});

describe('the control plane', () => {
  it('answers the same configuration again with the route as it is', async () => {
    const config = routeConfig('same', { rollout: 'rollout/again' });
    const first = await gateway.open(config);
    await gateway.setWeight(2_500);
    const second = await gateway.open(config);
    expect(second).toMatchObject({ status: 200, body: { weight: 2_500, configSha256: first.body.configSha256 } });
    expect(second.body.arms).toEqual(first.body.arms);
  });

  it('refuses another configuration under the same rollout', async () => {
    await gateway.open(routeConfig('same', { rollout: 'rollout/fixed' }));
    const answer = await gateway.open(routeConfig('opposite', { rollout: 'rollout/fixed' }));
    expect(answer.status).toBe(409);
    expect(answer.body.error).toContain('use a new rollout');
  });

  it('starts another rollout at weight 0 and without evidence', async () => {
    await open('same');
    await gateway.setWeight(5_000);
    await gateway.infer([[1]]);
    await gateway.until(({ counts }) => counts.pairs === 1);
    const fresh = await open('same');
    expect(fresh).toMatchObject({ weight: 0, stage: 'shadow', trip: null, counts: { pairs: 0 }, served: { twin: 0 } });
  });

  const damaged = { ...artifactOf('same.onnx'), sha256: '0'.repeat(64) };
  const unusable: [string, unknown, string][] = [
    [
      'a missing model',
      routeConfig('same', { candidate: { ...damaged, uri: 'none.onnx' } }),
      'not in the artifact store',
    ],
    ['a damaged model', routeConfig('same', { candidate: damaged }), 'does not have the content'],
    ['a truncated model', routeConfig('same', { twin: { ...artifactOf('twin.onnx'), bytes: 5 } }), 'were expected'],
    ['a path out of the store', routeConfig('same', { twin: { ...damaged, uri: '../x.onnx' } }), 'not inside'],
    ['models with other inputs', routeConfig('other-inputs'), 'different inputs'],
    ['models with other classes', routeConfig('other-classes'), 'different outputs'],
    ['labels that do not fit', routeConfig('same', { labels: ['a', 'b'] }), '4 classes and 2 labels'],
    ['three mistakes', { ...routeConfig('same'), seed: -1, shadowSample: 2, labels: [] }, 'labels:'],
  ];

  it.each(unusable)('refuses %s and goes on with the route before', async (_name, config, words) => {
    const before = await open('same');
    const answer = await gateway.call('PUT', `/control/models/${MODEL}`, {
      ...(config as object),
      rollout: 'rollout/bad',
    });
    expect(answer.status).toBe(422);
    expect(answer.body.error).toContain(words);
    expect((await gateway.status()).rollout).toBe(before.rollout);
    expect((await gateway.infer([[1]])).status).toBe(200);
  });

  it('refuses a file that is no ONNX model, with the words of ONNX Runtime', async () => {
    const answer = await gateway.open(
      routeConfig('same', { rollout: 'rollout/text', candidate: artifactOf('make_models.py') })
    );
    expect(answer.status).toBe(422);
    expect(answer.body.error).toMatch(/^candidate: cannot load the model/);
  });

  it.each([[-1], [10_001], [0.5], ['5']])('refuses a weight of %s', async (weight) => {
    await open('same');
    const answer = await gateway.call('PUT', `/control/models/${MODEL}/weight`, { weight, stage: 'x' });
    expect(answer.status).toBe(400);
  });

  it('counts a stage from the moment its weight was set', async () => {
    await open('same');
    await gateway.infer([[1]]);
    await gateway.until(({ counts }) => counts.pairs === 1);
    await gateway.setWeight(10_000, 'full');
    await gateway.infer([[2]]);
    const status = await gateway.until(({ counts }) => counts.pairs === 2);
    expect(status).toMatchObject({
      stage: 'full',
      weight: 10_000,
      stageCounts: { pairs: 1 },
      served: { twin: 1, candidate: 1, replayed: 0 },
      stageServed: { twin: 0, candidate: 1, replayed: 0 },
    });
  });

  it('takes the candidate out on request, and refuses to bring it back', async () => {
    await open('same');
    await gateway.setWeight(5_000);
    const path = `/control/models/${MODEL}`;
    const tripped = await gateway.call<RouteStatus>('POST', `${path}/trip`, { reason: 'a bad feeling', by: 'ada' });
    expect(tripped.body).toMatchObject({ weight: 0, trip: { reason: 'a bad feeling', by: 'ada' } });
    await gateway.call('POST', `${path}/trip`, { reason: 'again', by: 'bob' });
    const refused = await gateway.setWeight(100);
    expect(refused).toMatchObject({ status: 409, body: { trip: { reason: 'a bad feeling' } } });
    expect((await gateway.status()).weight).toBe(0);
    expect((await gateway.call('GET', `/verdict?model=${MODEL}`)).body).toMatchObject({
      promote: false,
      rollback: true,
    });
  });

  it("answers Flagger's webhooks and Argo's web metric with the verdict", async () => {
    await open('same');
    const ask = async (question: string) => (await gateway.call('POST', `/verdict/${question}`, { name: 'x' })).status;
    expect([await ask('confirm-promotion'), await ask('confirm-traffic-increase'), await ask('rollback')]).toEqual([
      409, 409, 409,
    ]);
    expect((await gateway.call('GET', '/verdict')).body).toMatchObject({ promote: false, rollback: false });
    await gateway.call('POST', `/control/models/${MODEL}/trip`, { reason: 'no', by: 'ada' });
    expect([await ask('confirm-promotion'), await ask('rollback')]).toEqual([409, 200]);
  });

  it('lists, deletes and forgets a route', async () => {
    await open('same');
    expect((await gateway.call<RouteStatus[]>('GET', '/control/models')).body).toHaveLength(1);
    expect((await gateway.call('DELETE', `/control/models/${MODEL}`)).status).toBe(200);
    expect((await gateway.call<RouteStatus[]>('GET', '/control/models')).body).toHaveLength(0);
    expect((await gateway.infer([[1]])).status).toBe(404);
  });

  it('writes metrics', async () => {
    await open('same');
    await gateway.infer([[1]]);
    const { body } = await gateway.call<{ text: string }>('GET', '/metrics');
    expect(body.text).toContain(`stepdown_gateway_requests_total{model="${MODEL}",arm="twin"} 1\n`);
  });
});

describe('feedback', () => {
  beforeEach(async () => {
    await open('same');
  });

  it('counts a label once, by name or by index', async () => {
    await gateway.infer([[1]], { id: 'one' });
    await gateway.infer([[2]], { id: 'two' });
    await gateway.until(({ counts }) => counts.pairs === 2);
    const items = [
      { model: MODEL, id: 'one', label: 'beta' },
      { model: MODEL, id: 'two', label: 2 },
      { model: MODEL, id: 'three', label: 0 },
    ];
    expect((await gateway.feedback(items)).body).toEqual({ accepted: 2, duplicate: 0, unknown: 1 });
    expect((await gateway.feedback(items)).body).toEqual({ accepted: 0, duplicate: 2, unknown: 1 });
    expect((await gateway.status()).counts).toMatchObject({ plus: 0, minus: 0, zero: 2 });
  });

  it('counts every row of a batch', async () => {
    await gateway.infer([[1], [2], [3]], { id: 'batch' });
    await gateway.until(({ counts }) => counts.pairs === 3);
    const answer = await gateway.feedback({ model: MODEL, id: 'batch', labels: ['beta', 'beta', 'beta'] });
    expect(answer.body).toEqual({ accepted: 3, duplicate: 0, unknown: 0 });
    expect((await gateway.status()).counts.zero).toBe(3);
  });

  it('counts a label that is faster than the comparison', async () => {
    const { pid } = (await gateway.status()).arms!.candidate;
    process.kill(pid!, 'SIGSTOP');
    try {
      await gateway.infer([[1]], { id: 'early' });
      const answer = await gateway.feedback({ model: MODEL, id: 'early', label: 'beta' });
      expect(answer.body).toEqual({ accepted: 1, duplicate: 0, unknown: 0 });
      expect((await gateway.status()).counts).toMatchObject({ pairs: 0, zero: 0 });
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
    expect((await gateway.until(({ counts }) => counts.pairs === 1)).counts.zero).toBe(1);
  });

  it('lets a later version of a label correct an earlier one', async () => {
    await open('opposite', { judge: { ...routeConfig('same').judge, disagreementBudget: 0.8 } });
    await gateway.infer([[1]], { id: 'corrected' });
    await gateway.until(({ counts }) => counts.pairs === 1);
    const label = (name: string, version?: number) =>
      gateway.feedback({ model: MODEL, id: 'corrected', label: name, version });
    await label('beta');
    expect((await gateway.status()).counts).toMatchObject({ plus: 1, minus: 0 });
    expect((await label('gamma', 2)).body.accepted).toBe(1);
    expect((await gateway.status()).counts).toMatchObject({ plus: 0, minus: 1 });
    expect((await label('beta', 1)).body.duplicate).toBe(1);
  });

  it.each([
    [{ id: 'x', label: 0 }, 400, 'model is missing'],
    [{ model: MODEL, label: 0 }, 400, 'id must be'],
    [{ model: MODEL, id: 'x' }, 400, 'either label, or labels'],
    [{ model: MODEL, id: 'x', label: 'omega' }, 400, '"omega" is neither'],
    [{ model: MODEL, id: 'x', label: LABELS.length }, 400, '4 is neither'],
    [{ model: 'other', id: 'x', label: 0 }, 404, "no model 'other'"],
  ])('refuses %o', async (item, status, words) => {
    const answer = await gateway.feedback([item]);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(words);
  });

  it('takes a stream of lines, and names the line that it refuses', async () => {
    for (const id of ['one', 'two']) await gateway.infer([[1]], { id });
    await gateway.until(({ counts }) => counts.pairs === 2);
    const lines = ['one', 'two', 'one'].map((id) => JSON.stringify({ model: MODEL, id, label: 1 }));
    const ndjson = { 'content-type': 'application/x-ndjson' };
    const taken = await gateway.call('POST', '/v2/feedback', `${lines.join('\n')}\n`, ndjson);
    expect(taken.body).toEqual({ accepted: 2, duplicate: 1, unknown: 0 });
    const refused = await gateway.call('POST', '/v2/feedback', `${lines[0]}\n{"model":`, ndjson);
    expect([refused.status, refused.body.error]).toEqual([400, 'line 2: is not JSON']);
  });

  it('counts nothing of a batch with a mistake in it', async () => {
    await gateway.infer([[1]], { id: 'good' });
    await gateway.until(({ counts }) => counts.pairs === 1);
    await gateway.feedback([
      { model: MODEL, id: 'good', label: 1 },
      { model: MODEL, id: 'good', label: 'omega' },
    ]);
    expect((await gateway.status()).counts.zero).toBe(0);
  });
});

describe('units that chance assigns', () => {
  const guardrails = { slowMargin: 0.02, wrongRate: 0.1, twinDropMargin: 0.015 };

  it('count once per chance, with their first answer and its label, and survive a restart', async () => {
    await open('same', { shadowSample: 0, judge: { ...routeConfig('same').judge, guardrails } });
    for (let index = 0; index < 110; index++) await gateway.infer(tokens(index), { unit: `warm-${index}` });
    await gateway.setWeight(5_000);
    const send = async (again: string) => {
      for (let index = 0; index < 40; index++)
        await gateway.infer([[1]], { id: `${again}-${index}`, unit: `user-${index}` });
    };
    await send('first');
    const label = { model: MODEL, id: 'first-7', label: 'beta' };
    expect((await gateway.feedback([label, label])).body).toMatchObject({ accepted: 1, duplicate: 1 });
    await gateway.kill('SIGTERM');
    await gateway.start();
    await gateway.until(({ arms }) => arms?.twin.state === 'ready' && arms.candidate.state === 'ready');
    await send('second');
    expect((await gateway.feedback({ ...label, id: 'second-7' })).body).toMatchObject({ unknown: 1 });
    const { counts, judgement, labelCoverage, times } = await gateway.status();
    const [stratum, ...others] = counts.strata!;
    expect(others).toEqual([]);
    const { candidate, twin, share, tail } = stratum!;
    expect(share).toBe(0.5);
    expect(tail!.ms).toBeGreaterThan(0);
    expect(candidate.units + twin.units).toBe(40);
    expect(candidate.answered + twin.answered).toBe(40);
    expect(candidate.labelled + twin.labelled).toBe(1);
    expect(labelCoverage).toEqual({
      pairs: { of: 0, labelled: 0 },
      twin: { of: twin.units, labelled: twin.labelled },
      candidate: { of: candidate.units, labelled: candidate.labelled },
    });
    expect((await gateway.call('GET', '/verdict')).body.labelCoverage).toEqual(labelCoverage);
    expect(times!.twin!.n + times!.candidate!.n).toBe(80);
    expect(judgement.evidence).toHaveLength(9);
    expect(judgement.evidence.find(({ name }) => name === 'sample-ratio')).toMatchObject({ seen: 40 });
    await gateway.setWeight(8_000);
    await send('third');
    const later = (await gateway.status()).counts.strata!;
    expect(later.map(({ share }) => share)).toEqual([0.5, 0.6]);
    expect(later[1]!.candidate.units + later[1]!.twin.units).toBe(twin.units);
  });

  it('leaves out who is pinned to the twin', async () => {
    await open('same');
    await gateway.setWeight(5_000);
    const version = artifactOf('twin.onnx').sha256.slice(0, 12);
    for (let index = 0; index < 5; index++)
      await gateway.call('POST', `/v2/models/${MODEL}/versions/${version}/infer`, inferBody([[1]], `pinned-${index}`));
    const { counts } = await gateway.status();
    expect(counts.strata).toBeUndefined();
    expect(counts.pairs).toBe(0);
  });

  it('holds, whatever was proven before, when nothing is compared any more', async () => {
    await open('same', { silenceMs: 400, judge: { ...routeConfig('same').judge, alphaPromote: 0.5 } });
    for (let index = 0; index < 300; index++) await gateway.infer(tokens(index));
    await gateway.until(({ counts }) => counts.pairs === 300);
    const { judgement } = await gateway.until(({ silent }) => silent === true);
    expect(judgement).toMatchObject({ action: 'hold', reason: expect.stringContaining('no data means hold') });
    expect((await gateway.call('GET', '/verdict')).body).toMatchObject({ promote: false, rollback: false });
    await gateway.infer([[1]]);
    await gateway.until(({ silent, judgement }) => silent === false && judgement.action === 'promote');
  });

  it("counts what the twin's probabilities say was lost", async () => {
    await open('opposite', { judge: { ...routeConfig('same').judge, disagreementBudget: 0.9, guardrails } });
    await gateway.infer([[1]]);
    const { counts } = await gateway.until((status) => status.counts.pairs === 1);
    expect(counts.twinDrops!.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});

describe('the noise floor', () => {
  const ids = Array.from({ length: 120 }, (_, index) => `floor-${index}`);
  const chosen = ids.filter((id) => bucketOf(id, routeConfig('same').seed + 2) < 1_000).length;

  it('runs a hashed tenth of the compared requests on the twin twice, in the shadow stage alone', async () => {
    await open('same');
    expect(chosen).toBeGreaterThan(3);
    for (const id of [...ids, ...ids]) await gateway.infer([[1]], { id });
    const { counts, judgement } = await gateway.until((status) => status.counts.floor?.pairs === chosen);
    expect(counts).toMatchObject({ pairs: 120, disagreements: 0, floor: { pairs: chosen, disagreements: 0 } });
    expect(judgement.reason).toContain(`FP32 from itself in 0 of ${chosen}`);
    const { text } = (await gateway.call<{ text: string }>('GET', '/metrics')).body;
    expect(text).toContain(`stepdown_gateway_floor_pairs_total{model="${MODEL}"} ${chosen}`);
    await gateway.setWeight(100);
    for (const id of ids) await gateway.infer([[1]], { id: `later-${id}` });
    await gateway.until((status) => status.counts.pairs === 240);
    expect((await gateway.status()).counts.floor!.pairs).toBe(chosen);
  });
});

describe('comparison', () => {
  it('compares only the share of requests that it was told to', async () => {
    await open('same', { shadowSample: 0 });
    for (let index = 0; index < 20; index++) await gateway.infer(tokens(index));
    expect((await gateway.status()).counts.pairs).toBe(0);
  });

  it('runs the twin beside the candidate at full weight', async () => {
    await open('same');
    await gateway.setWeight(10_000);
    for (let index = 0; index < 20; index++) await gateway.infer(tokens(index));
    const { served } = await gateway.until(({ counts }) => counts.pairs === 20);
    expect(served).toEqual({ twin: 0, candidate: 20, replayed: 0 });
  });

  it('counts a request that is sent again under its id once', async () => {
    await open('same');
    for (let index = 0; index < 3; index++) await gateway.infer([[1]], { id: 'again' });
    const { counts } = await gateway.until((status) => status.counts.candidateRequests === 3);
    expect(counts.pairs).toBe(1);
  });
});

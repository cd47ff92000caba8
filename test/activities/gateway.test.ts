import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/domain/statistics/random.ts';
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
import { mutated } from '../fixtures/gateway/mutated.ts';

let gateway: GatewayProcess;
let rollouts = 0;
const TWIN_VERSION = artifactOf('twin.onnx').sha256.slice(0, 12);

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});

afterAll(() => gateway.dispose());

/** A fresh rollout on the running gateway. */
async function open(candidate: Parameters<typeof routeConfig>[0], changes: Parameters<typeof routeConfig>[1] = {}) {
  const answer = await gateway.open(routeConfig(candidate, { rollout: `rollout/${++rollouts}`, ...changes }));
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('the data plane', () => {
  beforeAll(async () => {
    await open('same');
  });

  it('describes itself and the model', async () => {
    expect((await gateway.call('GET', '/v2')).body).toMatchObject({ name: 'stepdown-gateway' });
    expect((await gateway.call('GET', '/v2/health/live')).body).toMatchObject({ live: true });
    expect((await gateway.call('GET', '/v2/health/ready')).body).toMatchObject({ ready: true });
    expect((await gateway.call('GET', `/v2/models/${MODEL}/ready`)).body).toEqual({ name: MODEL, ready: true });
    expect((await gateway.call('GET', `/v2/models/${MODEL}`)).body).toEqual({
      name: MODEL,
      versions: [TWIN_VERSION],
      platform: 'onnx_onnxv1',
      inputs: [
        { name: 'input_ids', datatype: 'INT64', shape: [-1, -1] },
        { name: 'attention_mask', datatype: 'INT64', shape: [-1, -1] },
      ],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 4] }],
    });
  });

  it('answers nested and flat data, echoes the id and names the arm', async () => {
    const { status, body } = await gateway.infer(
      [
        [1, 1, 2],
        [3, 3, 3],
      ],
      { id: 'mine', unit: 'user-1' }
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      model_name: MODEL,
      model_version: TWIN_VERSION,
      id: 'mine',
      parameters: { arm: 'twin', bucket: 4491 },
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [2, 4], data: [0, 2, 1, 0, 0, 0, 0, 3] }],
    });
  });

  it('gives a request without an id one, for feedback', async () => {
    const { body } = await gateway.infer([[1]]);
    expect(body.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  const good = inferBody([[1, 2]]);
  const [ids, mask] = good.inputs as [(typeof good.inputs)[0], (typeof good.inputs)[0]];
  const malformed: [string, unknown, number, string][] = [
    ['text that is no JSON', '{"inputs": [', 400, 'JSON'],
    ['an array', [], 400, 'JSON object'],
    ['no inputs', {}, 400, 'inputs must be an array'],
    ['an id that is no text', { ...good, id: 7 }, 400, 'id must be a string'],
    ['an input without a name', { inputs: [{ ...ids, name: undefined }] }, 400, 'must have a name'],
    ['an unknown input', { inputs: [{ ...ids, name: 'pixels' }] }, 400, "no input 'pixels'"],
    ['a missing input', { inputs: [ids] }, 400, 'missing: attention_mask'],
    ['an input given twice', { inputs: [ids, ids] }, 400, 'given twice'],
    ['no datatype', { inputs: [{ ...ids, datatype: undefined }, mask] }, 400, 'datatype is missing'],
    ['another datatype', { inputs: [{ ...ids, datatype: 'FP32' }, mask] }, 400, 'the model takes INT64'],
    ['a made-up datatype', { inputs: [{ ...ids, datatype: 'INT7' }, mask] }, 400, "'INT7', the model takes INT64"],
    ['no shape', { inputs: [{ ...ids, shape: undefined }, mask] }, 400, 'shape must be'],
    ['an empty dimension', { inputs: [{ ...ids, shape: [1, 0], data: [] }, mask] }, 400, 'shape must be'],
    ['a shape of another rank', { inputs: [{ ...ids, shape: [2] }, mask] }, 400, 'does not fit [-1,-1]'],
    ['lengths that differ', { inputs: [{ ...ids, shape: [1, 1], data: [1] }, mask] }, 400, "dimension 'length'"],
    ['too few elements', { inputs: [{ ...ids, data: [1] }, mask] }, 400, 'needs 2 elements, data has 1'],
    ['another nesting', { inputs: [{ ...ids, data: [[1], [2]] }, mask] }, 400, 'nesting'],
    ['data that is no array', { inputs: [{ ...ids, data: 'abc' }, mask] }, 400, 'data must be an array'],
    ['a fraction for an integer', { inputs: [{ ...ids, data: [1, 2.5] }, mask] }, 400, '2.5 is not an integer'],
    ['null for an integer', { inputs: [{ ...ids, data: [1, null] }, mask] }, 400, 'null is not an integer'],
    ['data twice', { inputs: [{ ...ids, parameters: { binary_data_size: 8 } }, mask] }, 400, 'not both'],
    [
      'binary data that is not there',
      { inputs: [{ ...ids, data: undefined, parameters: { binary_data_size: 16 } }, mask] },
      400,
      'end after 0 bytes',
    ],
    ['an output twice', { ...good, outputs: [{ name: 'logits' }, { name: 'logits' }] }, 400, 'twice'],
    ['an unknown output', { ...good, outputs: [{ name: 'scores' }] }, 400, 'no output "scores"'],
    ['a token outside of the vocabulary', inferBody([[99]]), 400, 'the model refused the inputs'],
    ['a body above 4 MB', { ...good, parameters: { padding: 'x'.repeat(4 << 20) } }, 413, 'too large'],
    ['a polluting key', '{"__proto__": {"x": 1}}', 400, 'JSON'],
  ];

  it.each(malformed)('refuses %s', async (_name, body, status, words) => {
    const answer = await gateway.call('POST', `/v2/models/${MODEL}/infer`, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(words);
  });

  it('takes and gives tensors as raw bytes', async () => {
    const { status, headers, body } = await binary(
      binaryBody(
        [
          [1, 1, 2],
          [3, 3, 3],
        ],
        { binary_data_output: true }
      )
    );
    expect([status, headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    const jsonLength = Number(headers.get('inference-header-content-length'));
    expect(JSON.parse(body.toString('utf8', 0, jsonLength)).outputs).toEqual([
      { name: 'logits', shape: [2, 4], datatype: 'FP32', parameters: { binary_data_size: 32 } },
    ]);
    expect(Array.from(new Float32Array(Uint8Array.from(body.subarray(jsonLength)).buffer))).toEqual([
      0, 2, 1, 0, 0, 0, 0, 3,
    ]);
  });

  it('mixes raw and JSON tensors, in any output', async () => {
    const { json, tensors } = binaryBody([[1, 2]]);
    const asJson = { ...json, inputs: [json.inputs[0], mask] };
    const { body } = await binary({ json: asJson, tensors: tensors.subarray(0, 16) });
    expect(JSON.parse(body.toString()).outputs[0].data).toEqual([0, 1, 1, 0]);
  });

  const whole = binaryBody([[1, 2]]);
  it.each<[string, { json: unknown; tensors: Buffer; jsonLength?: string }, string]>([
    ['truncated', { ...whole, tensors: whole.tensors.subarray(0, 20) }, 'end after 20 bytes'],
    ['too long', { ...whole, tensors: Buffer.concat([whole.tensors, Buffer.alloc(3)]) }, '3 bytes follow'],
    ['of another size', binaryBody([[1, 2]], {}, [1, 3]), '3 elements are 24 bytes, not 16'],
    ['without a usable length', { ...whole, jsonLength: '-1' }, 'Inference-Header-Content-Length'],
    ['with a length beyond the body', { ...whole, jsonLength: '9999' }, 'Inference-Header-Content-Length'],
    ['cut inside its JSON', { ...whole, jsonLength: '20' }, 'are not JSON'],
  ])('refuses a binary request %s', async (_name, request, words) => {
    const { status, body } = await binary(request);
    expect(status).toBe(400);
    expect(JSON.parse(body.toString()).error).toContain(words);
  });

  it('answers under the version of the twin, always by the twin, and under no other', async () => {
    await open('opposite', { shadowSample: 0 });
    await gateway.setWeight(10_000);
    const at = (version: string) => `/v2/models/${MODEL}/versions/${version}`;
    expect((await gateway.infer([[1]])).body.model_version).toBe(artifactOf('opposite.onnx').sha256.slice(0, 12));
    const pinned = await gateway.call('POST', `${at(TWIN_VERSION)}/infer`, good);
    expect(pinned.body).toMatchObject({ model_version: TWIN_VERSION, parameters: { arm: 'twin' } });
    expect((await gateway.call('GET', `${at(TWIN_VERSION)}/ready`)).status).toBe(200);
    expect((await gateway.call('GET', at(TWIN_VERSION))).body).toMatchObject({ versions: [TWIN_VERSION] });
    const other = await gateway.call('POST', `${at('7')}/infer`, good);
    expect([other.status, other.body.error]).toEqual([404, expect.stringContaining("no version '7'")]);
    await open('same');
  });

  it('answers mutated requests with their own or a refusal, and whole ones between them right', async () => {
    const random = seededRandom(6);
    for (let index = 0; index < 300; index++) {
      const { body, headers, fits } = mutated(index, random);
      const url = new URL(`/v2/models/${MODEL}/infer`, gateway.url);
      const response = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(body) });
      const answer = { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
      expect([index, fits(answer), String(answer.body)]).toEqual([index, true, expect.any(String)]);
    }
  });

  it('knows no other model and no other path', async () => {
    expect(await gateway.call('POST', '/v2/models/other/infer', good)).toMatchObject({ status: 404 });
    expect((await gateway.call('GET', '/v2/models/other')).body.error).toContain("no model 'other'");
    expect((await gateway.call('GET', '/v3')).body.error).toBe('nothing is at GET /v3');
  });

  it('does not hold a request that neither arm can answer against the candidate', async () => {
    await open('same');
    await gateway.setWeight(10_000);
    expect((await gateway.infer([[99]])).status).toBe(400);
    await gateway.infer([[1]]);
    const { counts } = await gateway.until((status) => status.counts.pairs === 1);
    expect(counts).toMatchObject({ candidateErrors: 0, candidateRequests: 1 });
  });
});

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

function binaryBody(rows: number[][], parameters: object = {}, shape = [rows.length, rows[0]!.length]) {
  const tensor = (values: number[]) => Buffer.from(BigInt64Array.from(values, BigInt).buffer);
  const tensors = [tensor(rows.flat()), tensor(rows.flat().map(() => 1))];
  const inputs = ['input_ids', 'attention_mask'].map((name, index) => ({
    name,
    shape,
    datatype: 'INT64',
    parameters: { binary_data_size: tensors[index]!.length },
  }));
  return { json: { inputs, parameters }, tensors: Buffer.concat(tensors) };
}

async function binary(request: { json: unknown; tensors: Buffer; jsonLength?: string }) {
  const json = Buffer.from(JSON.stringify(request.json));
  const response = await fetch(new URL(`/v2/models/${MODEL}/infer`, gateway.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': request.jsonLength ?? String(json.length),
    },
    body: Buffer.concat([json, request.tensors]),
  });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import { artifactOf, GatewayProcess, inferBody, MODEL } from '../fixtures/gateway/gateway.ts';
import { mutated } from '../fixtures/gateway/mutated.ts';

let gateway: GatewayProcess;
const TWIN_VERSION = artifactOf('twin.onnx').sha256.slice(0, 12);

beforeAll(async () => {
  gateway = await GatewayProcess.start();
});

afterAll(() => gateway.dispose());

const open: GatewayProcess['rollOut'] = (...rollout) => gateway.rollOut(...rollout);

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

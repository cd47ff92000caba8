import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { poissonSchedule } from '../../src/domain/load/arrivals.ts';
import { auditAccuracy } from '../../src/domain/load/audits.ts';
import { auditRepeats } from '../../src/inference/load/audit.ts';
import { type LoadTarget, runLoad } from '../../src/inference/load/run.ts';
import { GatewayProcess, MODEL, routeConfig } from '../fixtures/gateway/gateway.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const dataPath = `${FIXTURES}rows.arrow`;
const rows = Int32Array.from({ length: 80 }, (_, i) => i % 40);
let gateway: GatewayProcess;
let caching: Server;

/** Answers what it has answered before at once, all else after 5 ms. */
function cachingServer(): Server {
  const seen = new Set<string>();
  const logits = { name: 'logits', datatype: 'FP32', shape: [1, 2], data: [0, 1] };
  const inputs = ['input_ids', 'attention_mask'].map((name) => ({ name, datatype: 'INT64', shape: [-1, -1] }));
  return createServer(async (request, response) => {
    const body = await text(request);
    if (body && seen.size && !seen.has(body)) await sleep(5);
    seen.clear(); // remembers the last one only, as a cache of one entry does
    seen.add(body);
    response.end(JSON.stringify(body ? { outputs: [logits] } : { inputs }));
  });
}

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  await gateway.open(routeConfig('same'));
  caching = cachingServer().listen(0, '127.0.0.1');
});

afterAll(async () => {
  await gateway.dispose();
  caching.close();
});

const endpoint = (url: string, model = MODEL): LoadTarget => ({ kind: 'endpoint', url, model, dataPath });
const cachingUrl = () => `http://127.0.0.1:${(caching.address() as AddressInfo).port}`;

it('plays a schedule against an endpoint, which answers as the model does here', async () => {
  const scheduledMs = poissonSchedule({ ratePerSecond: 200, queries: 80, seed: 2 });
  const remote = await runLoad({ target: endpoint(gateway.url), scenario: 'server', rows, scheduledMs });
  const modelPath = `${FIXTURES}gateway/twin.onnx`;
  const local: LoadTarget = { kind: 'model', modelPath, dataPath, options: { threads: 1 } };
  const { answers } = await runLoad({ target: local, scenario: 'single-stream', rows });
  const audit = auditAccuracy({ rows, answers: remote.answers, expected: answers.slice(0, 40), checks: 40, seed: 1 });
  expect(audit).toEqual({ checked: 40, differing: [] });
  expect(remote.log.completedMs.every((done, i) => done > scheduledMs[i]!)).toBe(true);
});

it('keeps several queries under way at once', async () => {
  const { log } = await runLoad({ target: endpoint(cachingUrl()), scenario: 'offline', rows });
  expect(Math.min(...log.startedMs)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...log.startedMs)).toBeLessThan(Math.max(...log.completedMs));
  const second = log.startedMs[1]!;
  expect(second).toBeLessThan(log.completedMs[0]!);
});

it('finds a server that remembers its last answer, and none in a model', async () => {
  const others = [1, 2, 3, 4, 5];
  expect(await auditRepeats({ target: endpoint(cachingUrl()), row: 0, others })).toMatchObject({ isCached: true });
  await expect(auditRepeats({ target: endpoint(cachingUrl()), row: 0, others: [0] })).rejects.toThrow('others must');
});

it.each([
  ['http://127.0.0.1:1', MODEL, 'does not answer'],
  [() => gateway.url, 'nobody', 'answered 404'],
])('says what is wrong with %s and model %s', async (url, model, message) => {
  const target = endpoint(typeof url === 'string' ? url : url(), model);
  await expect(runLoad({ target, scenario: 'offline', rows })).rejects.toThrow(message);
});

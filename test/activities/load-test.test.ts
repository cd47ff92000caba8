import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, expect, it, vi } from 'vitest';
import { createLoadTestActivities } from '../../src/activities/load-test.ts';
import type { LoadTest } from '../../src/domain/load/load-test.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { predict } from '../../src/inference/predict.ts';
import { readPredictions, writePredictions } from '../../src/inference/predictions.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';
import { spec } from '../workflows/fakes.ts';

vi.setConfig({ testTimeout: 240_000 }); // a busy host makes late queries, and those are played again

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const folder = mkdtempSync(join(tmpdir(), 'stepdown-load-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const artifacts = new ArtifactStore(join(folder, 'artifacts'));
const journalOf = (name: string) => new Journal(join(folder, 'journals'), name);

async function inputOf(name: string, loadTest: Partial<Spec['loadTest']> = {}) {
  const model = await artifacts.putFile(`${FIXTURES}classifier-slow.onnx`);
  const arrow = await artifacts.putFile(`${FIXTURES}rows.arrow`);
  const outPath = join(folder, `${name}.arrow`);
  const paths = { modelPath: artifacts.path(model), dataPath: artifacts.path(arrow), outPath };
  const { rows } = await predict({ ...paths, options: { threads: 1 } });
  return {
    engagement: name,
    spec: spec(name, {
      serving: { sloPercentile: 95, sloMs: 50 },
      loadTest: { firstQueries: 150, maximumQueries: 300, maximumProbes: 3, resolution: 1.5, ...loadTest },
    }),
    subject: 'baseline',
    model,
    selection: { arrow, rows, rowsSha256: 'r', tokenizerSha256: 't', classes: {}, slices: {} },
    predictions: { arrow: await artifacts.putFile(outPath), rows },
    startPerReplica: 100,
  };
}

/** One attempt; `heartbeatDetails` is what the attempt before told last. */
function attempt(ledger: string, heartbeatDetails?: unknown) {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  const { runLoadTest } = createLoadTestActivities({ artifacts, ledger: new Ledger(join(folder, ledger)), journalOf });
  return { beats, environment, run: (input: Parameters<typeof runLoadTest>[0]) => environment.run(runLoadTest, input) };
}

it('goes on after the last probe that the attempt before told, and records the test once', async () => {
  const input = await inputOf('cut-off');
  const first = attempt('ledger');
  const cut = first.run(input);
  first.environment.on('heartbeat', (details: { done?: number } | null) => {
    if (details?.done === 1) first.environment.cancel();
  });
  await expect(cut).rejects.toThrow();
  const told = first.beats.at(-1) as { done: number; checkpoint: { probes: LoadTest['probes'] } };
  expect(told.done).toBe(1);

  const second = attempt('ledger', told);
  const test = (await second.run(input)) as LoadTest;
  expect(second.beats[0]).toEqual(told);
  expect(test.resumedAfter).toBe(1);
  expect(test.probes.slice(0, 1)).toEqual(told.checkpoint.probes);
  expect(test.audits.accuracy).toEqual({ checked: expect.any(Number), differing: [] });
  expect(test.audits.accuracy.checked).toBeGreaterThanOrEqual(100);
  expect(test.cpuMsPerQuery).toBeGreaterThan(0);

  const again = attempt('ledger');
  expect(await again.run(input)).toEqual(test);
  expect(again.beats).toEqual([]);
  const entries = await journalOf('cut-off').entries();
  expect(entries.map(({ kind }) => kind)).toEqual(['load-test']);
});

it('names the rows that are answered otherwise under load', async () => {
  const input = await inputOf('differs');
  const said = readPredictions(artifacts.path(input.predictions.arrow));
  const outPath = join(folder, 'other.arrow');
  writePredictions(outPath, { ...said, top1: said.top1.map((top1) => top1 + 1) });
  const predictions = { arrow: await artifacts.putFile(outPath), rows: input.selection.rows };
  const test = (await attempt('other-ledger').run({ ...input, predictions })) as LoadTest;
  expect(test.audits.accuracy.differing.length).toBeGreaterThan(0);
  expect(test.faults.join()).toContain('answered otherwise than without load');
});

it('measures every number of replicas, and goes on with those that are not done', async () => {
  const input = await inputOf('packings', { replicas: [2, 1], firstQueries: 60, maximumQueries: 60, maximumProbes: 2 });
  const first = attempt('packings-ledger');
  const cut = first.run(input);
  first.environment.on('heartbeat', (details: { packed?: object[] } | null) => {
    if (details?.packed?.length === 1) first.environment.cancel();
  });
  await expect(cut).rejects.toThrow();
  const told = first.beats.at(-1) as { packed: { replicas: number; probes: object[] }[] };
  expect(told.packed.map(({ replicas }) => replicas)).toEqual([1]);

  const test = (await attempt('packings-ledger', told).run(input)) as LoadTest;
  expect(test.resumedAfter).toBeGreaterThanOrEqual(told.packed[0]!.probes.length);
  expect(test.packings!.map(({ replicas }) => replicas)).toEqual([1, 2]);
  const [one, two] = test.packings!;
  expect(two!.peakBytes).toBeGreaterThan(one!.peakBytes);
  const rates = test.packings!.map(({ ratePerSecond }) => ratePerSecond ?? 0);
  expect(test.ratePerSecond ?? 0).toBe(Math.max(...rates));
  expect(rates[test.replicas - 1]).toBe(Math.max(...rates));
});

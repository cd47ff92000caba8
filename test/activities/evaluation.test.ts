import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, expect, it } from 'vitest';
import { createEvaluationActivities } from '../../src/activities/evaluation.ts';
import type { BaselineMeasurement } from '../../src/domain/measurement.ts';
import type { SubsetEvaluation } from '../../src/domain/search/sensitivity.ts';
import { predict } from '../../src/inference/predict.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';
import { spec } from '../workflows/fakes.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const folder = mkdtempSync(join(tmpdir(), 'stepdown-evaluation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const artifacts = new ArtifactStore(join(folder, 'artifacts'));
const journalOf = (name: string) => new Journal(join(folder, 'journals'), name);
const { evaluateSubset } = createEvaluationActivities({ artifacts, ledger: new Ledger(join(folder, 'l')), journalOf });
const arrow = await artifacts.putFile(`${FIXTURES}rows.arrow`);
const baseline = await artifacts.putFile(`${FIXTURES}classifier.onnx`);
const outPath = join(folder, 'baseline.arrow');
const paths = { modelPath: artifacts.path(baseline), dataPath: artifacts.path(arrow), outPath };
const { rows } = await predict({ ...paths, options: { threads: 1 } });
const predictions = { arrow: await artifacts.putFile(outPath), rows };

const evaluate = (key: string, marginPoints: number): Promise<SubsetEvaluation> =>
  new MockActivityEnvironment().run(evaluateSubset, {
    engagement: 'evaluation',
    spec: spec('evaluation', { quality: { metric: 'accuracy', marginPoints, sliceMarginPoints: 5 } }),
    kept: ['head'],
    baseline: { predictions } as BaselineMeasurement,
    selection: { arrow, rows, rowsSha256: 'r', tokenizerSha256: 't', classes: {}, slices: {} },
    quantized: { key, quantized: { model: baseline } } as never,
  });

it('stops as soon as the sequential test has its answer, and records it once', async () => {
  const found = await evaluate('same', 90);
  expect(found).toMatchObject({ of: rows, lost: 0, won: 0, verdict: 'non-inferior', holds: true });
  expect(found.rows).toBeLessThan(rows);
  expect(await evaluate('same', 90)).toEqual(found);
  const entries = await journalOf('evaluation').entries();
  expect(entries.map(({ body }) => body)).toEqual([{ kept: ['head'], ...found }]);
});

it("lets Tango's bound decide where the rows end first", async () => {
  const found = await evaluate('few rows', 1);
  expect(found).toMatchObject({ rows, verdict: null, holds: false });
});

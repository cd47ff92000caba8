import { expect, it } from 'vitest';
import { compareBlocks } from '../../src/domain/load/comparison.ts';
import { compareUnderLoad } from '../../src/inference/load/compare.ts';
import type { LoadTarget } from '../../src/inference/load/run.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const target = (file: string): LoadTarget => ({
  kind: 'model',
  modelPath: `${FIXTURES}${file}`,
  dataPath: `${FIXTURES}rows.arrow`,
  options: { threads: 1 },
});
const [slow, fast] = [target('classifier-slow.onnx'), target('classifier.onnx')];

it('finds the faster model under the same arrivals', async () => {
  const progress: number[] = [];
  const blocks = await compareUnderLoad({
    targets: { baseline: slow, twin: slow, candidate: fast },
    rows: 40,
    blocks: 6,
    queriesPerBlock: 30,
    ratePerSecond: 100,
    percentile: 0.5,
    seed: 4,
    onProgress: ({ done, total }) => progress.push(done / total),
  });
  const { speedup } = compareBlocks(blocks);
  expect(speedup.estimate).toBeGreaterThan(1.5);
  expect(progress).toHaveLength(18);
  expect(progress.at(-1)).toBe(1);
});

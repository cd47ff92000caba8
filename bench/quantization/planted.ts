import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { seededRandom, shuffle } from '../../src/domain/statistics/random.ts';
import { readDataset } from '../../src/inference/dataset.ts';
import type { Figure } from '../figure.ts';
import { searched } from './search.ts';

const MAKER = fileURLToPath(new URL('../../test/toolkits/planted.py', import.meta.url));
const LAYERS = 36;
const ROWS = 1_000;
const BUDGET = 12;

/** Models with known sensitive layers: are exactly those found, and by how many evaluations? */
export async function plantedFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const seeds = quick ? [1] : [1, 2, 3];
  const scores: number[] = [];
  let evaluations = 0;
  for (const seed of seeds)
    for (const count of [1, 2, 3, 4, 5]) {
      const random = seededRandom(100 * seed + count);
      const planted = shuffle([...Array(LAYERS).keys()], random).slice(0, count);
      const found = await findPlanted(planted, seed);
      scores.push(
        f1(
          planted.map((layer) => `/layer${layer}`),
          found.excluded
        )
      );
      evaluations = Math.max(evaluations, found.evaluations);
    }
  const name = `${scores.length} models of ${LAYERS} layers, 1 to 5 of them planted`;
  return [
    {
      name: `sensitive set of ${name}: lowest F1`,
      value: Math.min(...scores),
      unit: '',
      goal: 0.95,
      atLeast: true,
      peer: null,
    },
    { name: `sensitive set of ${name}: most evaluations`, value: evaluations, unit: '', goal: BUDGET, peer: null },
  ];
}

async function findPlanted(planted: number[], seed: number) {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-planted-'));
  try {
    const numbers = [String(LAYERS), planted.join(','), String(seed), String(ROWS)];
    await promisify(execFile)(loadConfig().python, [MAKER, folder, ...numbers]);
    const rows = join(folder, 'rows.arrow');
    return await searched(
      {
        folder,
        model: join(folder, 'model.onnx'),
        calibration: rows,
        selection: rows,
        baseline: readDataset(rows, []).labels,
        recipe: { toolkit: 'onnxruntime', scheme: 'int8-dynamic' },
        margin: 0.1,
      },
      BUDGET
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function f1(truth: string[], found: string[]): number {
  const hits = found.filter((name) => truth.includes(name)).length;
  return (2 * hits) / (truth.length + found.length);
}

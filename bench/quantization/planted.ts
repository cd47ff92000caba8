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
import { askPeer, type PeerName } from './ask-peer.ts';
import { type Subject, searched } from './search.ts';

const MAKER = fileURLToPath(new URL('../../test/toolkits/planted.py', import.meta.url));
const LAYERS = 36;
const ROWS = 1_000;
const BUDGET = 12;
const MARGIN = 0.1;
const PEERS: PeerName[] = ['NNCF with accuracy control', 'Intel Neural Compressor'];
const LONGEST_MS = { quick: 30_000, full: 600_000 };

interface Found {
  f1: number;
  evaluations: number;
  minutes: number;
  note?: string;
}

/** Models with known sensitive layers: are exactly those found, and by how many evaluations? */
export async function plantedFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const seeds = quick ? [1] : [1, 2, 3];
  const counts = quick ? [1, 3, 5] : [1, 2, 3, 4, 5];
  const beside = quick ? [3] : counts; // planted layers of the models that peers are given too
  const pairs: { name: PeerName; count: number; own: Found; peer: Found }[] = [];
  const alone = (seed: number, count: number) => withPlanted({ count, seed }, found);
  const besidePeers = (count: number) =>
    withPlanted({ count, seed: seeds[0]! }, async (subject, planted) => {
      const own = await found(subject, planted);
      for (const name of PEERS) {
        const peer = await foundBy(name, subject, planted, LONGEST_MS[quick ? 'quick' : 'full']);
        pairs.push({ name, count, own, peer });
      }
      return own;
    });
  const ours: Found[] = [];
  for (const count of beside) ours.push(await besidePeers(count));
  const rest = seeds.flatMap((seed) => counts.map((count) => [seed, count] as const));
  const left = rest.filter(([seed, count]) => seed !== seeds[0] || !beside.includes(count));
  while (left.length > 0)
    // nothing of these is timed, so two at once
    ours.push(...(await Promise.all(left.splice(0, 2).map(([seed, count]) => alone(seed, count)))));
  const name = `${ours.length} models of ${LAYERS} layers, 1 to 5 of them planted`;
  const lowest = Math.min(...ours.map(({ f1 }) => f1));
  const most = Math.max(...ours.map(({ evaluations }) => evaluations));
  return [
    figure({ name: `sensitive set of ${name}: lowest F1`, value: lowest, goal: 0.95, atLeast: true, peer: null }),
    figure({ name: `sensitive set of ${name}: most evaluations`, value: most, goal: BUDGET, peer: null }),
    ...pairs.map(({ name, count, own, peer }) =>
      figure({
        name: `F1 with ${count} planted, ${cost(own)}, beside ${name} (${cost(peer)}${peer.note ? `; ${peer.note}` : ''})`,
        ...{ value: own.f1, goal: 0.95, atLeast: true, peer: { name, value: peer.f1 } },
      })
    ),
  ];
}

const figure = (line: Omit<Figure, 'unit'>): Figure => ({ ...line, unit: '' });
const cost = ({ evaluations, minutes }: Found) => `${evaluations} full evaluations, ${minutes.toFixed(2)} minutes`;

async function found(subject: Subject, planted: string[]): Promise<Found> {
  const started = performance.now();
  const { excluded, evaluations } = await searched(subject, BUDGET);
  return { f1: f1(planted, excluded), evaluations, minutes: (performance.now() - started) / 60_000 };
}

/** What a peer leaves in FP32, given one scale for each layer's weights as our recipe has it. */
async function foundBy(name: PeerName, subject: Subject, planted: string[], longest: number): Promise<Found> {
  const { folder, model, calibration, selection, margin } = subject;
  const output = join(folder, 'peer.onnx');
  await rm(output, { force: true });
  const job = { model, calibration, selection, margin, rows: 300, perTensor: true, output };
  const { fullEvaluations, minutes, float, note } = await askPeer(name, job, longest);
  return { f1: f1(planted, float), evaluations: fullEvaluations, minutes, ...(note !== null && { note }) };
}

async function withPlanted(
  { count, seed }: { count: number; seed: number },
  work: (subject: Subject, planted: string[]) => Promise<Found>
): Promise<Found> {
  const random = seededRandom(100 * seed + count);
  const planted = shuffle([...Array(LAYERS).keys()], random).slice(0, count);
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-planted-'));
  try {
    const numbers = [String(LAYERS), planted.join(','), String(seed), String(ROWS)];
    await promisify(execFile)(loadConfig().python, [MAKER, folder, ...numbers]);
    const rows = join(folder, 'rows.arrow');
    const subject: Subject = {
      ...{ folder, model: join(folder, 'model.onnx'), calibration: rows, selection: rows },
      baseline: readDataset(rows, []).labels,
      recipe: { toolkit: 'onnxruntime', scheme: 'int8-dynamic' },
      margin: MARGIN,
      rankingRows: 32,
    };
    const names = planted.map((layer) => `/layer${layer}`);
    return await work(subject, names);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function f1(truth: string[], found: string[]): number {
  const hits = found.filter((name) => truth.includes(name)).length;
  return (2 * hits) / (truth.length + found.length);
}

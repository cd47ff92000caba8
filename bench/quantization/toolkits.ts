import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonOf } from '../../src/activities/toolkit-environment.ts';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import { describeEngine, type Engine } from '../../src/domain/measurement.ts';
import { isTrained, quantizerOf, type Recipe } from '../../src/domain/recipe.ts';
import { type PlannedCandidate, ptqPlan } from '../../src/domain/recipes.ts';
import { tangoInterval } from '../../src/domain/statistics/tango.ts';
import { wilsonInterval } from '../../src/domain/statistics/wilson.ts';
import { RACING_TOOLKITS, TOOLKITS, type ToolkitName } from '../../src/domain/toolkits.ts';
import { readPredictions } from '../../src/inference/predictions.ts';
import type { Figure } from '../figure.ts';
import { Judge, type Measured } from './grid.ts';
import { type Newswire, newswire } from './newswire.ts';
import { type Made, toolkit } from './search.ts';

/** Few training rows, as the teacher answers all of them first. */
const FULL = {
  calibrationRows: 200,
  most: { calibration: 200, train: 200 },
  pace: { rounds: 120, blocks: 6 },
  steps: 10,
  isPlayed: (_: PlannedCandidate) => true,
};
/** Of each toolkit what takes it least time. */
const QUICK = {
  calibrationRows: 60,
  most: { calibration: 60, selection: 100, train: 64 },
  pace: { rounds: 30, blocks: 6 },
  steps: 3,
  isPlayed: ({ recipe: { toolkit, scheme } }: PlannedCandidate) =>
    scheme ===
    { onnxruntime: 'int8-dynamic', pytorch: 'int8-qat', optimum: 'int8-dynamic', tensorrt: 'int8-static' }[toolkit],
};
const DROP_CONFIDENCE = 0.9; // two-sided: its upper end is the bound that the gate asks for
const CONFIDENCE = 0.95;

/** Where a toolkit runs, or why it does not. */
type Place = { python: string } | { reason: string };

interface Row extends Measured {
  id: string;
  recipe: Recipe;
  made: Made & { engine?: Engine };
  /** Of making, without the environment. */
  seconds: number;
}

/** What cannot be had here, and why. */
interface Missing {
  toolkit: ToolkitName;
  id: string;
  reason: string;
}

/** Every toolkit's candidates of the newswire model, each made by the real toolkit, all judged by the same evaluator. */
export async function toolkitFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const { calibrationRows, most, pace, steps, isPlayed } = quick ? QUICK : FULL;
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-toolkits-'));
  try {
    const places = await environments(folder);
    const data = await newswire(folder, 'none', most);
    data.spec.calibration.rows = calibrationRows;
    data.spec.toolkits = [...RACING_TOOLKITS];
    const judge = new Judge(folder, data, pace);
    await judge.measureBaseline();
    const plan = [...ptqPlan(data.spec), INT8_WEIGHTS, trained(calibrationRows, steps)].filter(isPlayed);
    const rows: Row[] = [];
    const missing: Missing[] = [];
    for (const { id, recipe } of plan) {
      try {
        const row = await measured({ id, recipe }, { folder: join(folder, id), data, judge, places });
        rows.push(row);
        console.error(`  ${id}: made in ${row.seconds.toFixed(1)} s, drop ${dropOf(row)}, ${speedOf(row)}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        missing.push({ toolkit: recipe.toolkit, id, reason });
        console.error(`  ${id}: ${reason}`);
      }
    }
    console.log(`${asTable(rows, [...missing, ...missingEngines(rows)], data)}\n`);
    return figuresOf(rows, missing, data);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Installing takes minutes and is no part of what is measured. */
async function environments(folder: string): Promise<Record<ToolkitName, Place>> {
  const places = {} as Record<ToolkitName, Place>;
  for (const name of Object.keys(TOOLKITS) as ToolkitName[]) {
    const startedAt = performance.now();
    const run = {
      signal: new AbortController().signal,
      stderrPath: join(folder, `${name}.log`),
      onProgress: ({ stage }: { stage: string }) => console.error(`  ${stage}`),
    };
    places[name] = await pythonOf(name, loadConfig(), run).then(
      (python) => ({ python }),
      ({ message }: Error) => ({ reason: message })
    );
    console.error(`  environment of ${name}: ${secondsSince(startedAt).toFixed(1)} s, not counted`);
  }
  return places;
}

/** Of no package; a person adds it. */
const INT8_WEIGHTS: PlannedCandidate = {
  id: 'int8-weight-embeddings',
  recipe: { toolkit: 'onnxruntime', scheme: 'int8-weight', options: { embeddings: true } },
};

/** What PyTorch makes: few steps, as the way is what is compared here and not what much training brings. */
const trained = (rows: number, steps: number): PlannedCandidate => ({
  id: `int8-qat-${steps}-steps`,
  recipe: {
    toolkit: 'pytorch',
    scheme: 'int8-qat',
    calibration: { role: 'calibration', rows, method: 'minmax' },
    training: { steps, batch: 16, evaluations: 1 },
  },
});

async function measured(
  { id, recipe }: PlannedCandidate,
  run: { folder: string; data: Newswire; judge: Judge; places: Record<ToolkitName, Place> }
): Promise<Row> {
  const { folder, data, judge, places } = run;
  const ask = <T>(name: ToolkitName, verb: string, job: object) => {
    const place = places[name];
    if ('reason' in place) throw new Error(place.reason);
    return toolkit<T>(join(folder, verb), verb, job, { name, python: place.python });
  };
  const { calibration, selection, train } = data.roles;
  const startedAt = performance.now();
  const job = { model: data.model, recipe, calibrationData: calibration.path };
  if (isTrained(recipe)) {
    const rows = { selectionData: selection.path, trainData: train.path };
    const checkpoints = { checkpointFolder: join(folder, 'checkpoints'), checkpoint: null };
    const learnt = await ask<{ path: string }>(recipe.toolkit, 'train', { ...job, ...rows, ...checkpoints });
    job.model = learnt.path;
  }
  const made = await ask<Row['made']>(quantizerOf(recipe), 'quantize', job);
  const seconds = secondsSince(startedAt);
  return { id, recipe, made, seconds, ...(await judge.measured(made.path)) };
}

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1_000;

/** TensorRT's own engine of its candidates, once where no GPU is. */
function missingEngines(rows: Row[]): Missing[] {
  const without = rows.find(({ made }) => made.engine && made.engine.state !== 'built');
  if (!without) return [];
  return [{ toolkit: 'tensorrt', id: 'its engine', reason: describeEngine(without.made.engine!) }];
}

const COLUMNS = [
  'TOOLKIT',
  'CANDIDATE',
  'ACCURACY, %',
  'DROP, POINTS',
  'MB',
  'SPEED',
  'INTEGER KERNELS',
  'MADE IN',
  '',
];
const NONE = ['-', '-', '-', '-', '-', '-'];

function asTable(rows: Row[], missing: Missing[], { spec }: Newswire): string {
  const lines = rows.map((row) => {
    const { recipe, id, made, seconds } = row;
    const { integer, float } = made.coverage;
    return [
      ...[recipe.toolkit, id, accuracyOf(row), dropOf(row), (made.sizeBytes / 1e6).toFixed(1), speedOf(row)],
      ...[`${integer} of ${integer + float}`, `${seconds.toFixed(1)} s`],
      made.engine?.state === 'built' ? describeEngine(made.engine) : '',
    ];
  });
  const reasons = missing.map(({ toolkit, id, reason }) => [toolkit, id, ...NONE, reason]);
  const { accuracyBaseline, rows: of } = rows[0]?.outcomes ?? { accuracyBaseline: Number.NaN, rows: 0 };
  const notes =
    `FP32: ${(100 * accuracyBaseline).toFixed(2)} % of ${of} rows, margin ${spec.quality.marginPoints} points. ` +
    `Accuracy: ${100 * CONFIDENCE} % (Wilson); drop: ${100 * DROP_CONFIDENCE} % (Tango); speed beside FP32 in turns, ` +
    `one thread: ${100 * CONFIDENCE} % (blocks). Calibration: ${spec.calibration.rows} rows.`;
  return `${table([COLUMNS, ...lines, ...reasons])}\n\n${notes}`;
}

const within = (estimate: number, ends: number[]) =>
  `${estimate.toFixed(2)} [${ends.map((end) => end.toFixed(2)).join(', ')}]`;

const rightOf = ({ outcomes: { accuracyCandidate, rows } }: Row) => Math.round(accuracyCandidate * rows);

function accuracyOf(row: Row): string {
  const { rows: of, accuracyCandidate } = row.outcomes;
  const ends = wilsonInterval({ successes: rightOf(row), of, confidence: CONFIDENCE });
  return within(
    100 * accuracyCandidate,
    ends.map((end) => 100 * end)
  );
}

function dropOf({ outcomes: { lost, won, rows } }: Row): string {
  const { estimate, lower, upper } = tangoInterval({ b: lost, c: won, n: rows, confidence: DROP_CONFIDENCE });
  return within(100 * estimate, [100 * lower, 100 * upper]);
}

const speedOf = ({ latency: { speedup, speedupInterval } }: Row) => within(speedup, speedupInterval);

/** Right answers, counted from the file of predictions and the user's own rows alone. */
function recounted(row: Row, { spec, files }: Newswire): number {
  const labels = (spec.model as { labels: string[] }).labels;
  const lines = readFileSync(files.selection, 'utf8').trimEnd().split('\n');
  const truth = new Map(lines.map((line) => JSON.parse(line)).map(({ id, label }) => [String(id), label as string]));
  const { ids, top1 } = readPredictions(row.predictions);
  return ids.filter((id, index) => labels[top1[index]!] === truth.get(id)).length;
}

function figuresOf(rows: Row[], missing: Missing[], data: Newswire): Figure[] {
  const names = Object.keys(TOOLKITS) as ToolkitName[];
  const without = names.filter((name) => !rows.some(({ recipe }) => recipe.toolkit === name));
  const miscounted = rows.filter((row) => recounted(row, data) !== rightOf(row));
  const faster = rows.filter(({ latency: { speedupInterval, noiseInterval } }) => {
    return speedupInterval[0] > Math.max(1, noiseInterval[1]);
  });
  const line = (name: string, value: number, goal: number) => ({ name, value, unit: '', goal, peer: null });
  return [
    line(`toolkits of ${names.length} without a candidate`, without.length, 0),
    line(`recipes of ${rows.length + missing.length} of which nothing was made`, missing.length, 0),
    line(
      `candidates of ${rows.length} whose accuracy differs from a recount of their predictions`,
      miscounted.length,
      0
    ),
    { ...line(`candidates of ${rows.length} faster than FP32 beyond the noise`, faster.length, 1), atLeast: true },
  ];
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { CandidateFigures, CandidateResult } from '../../src/domain/engagement.ts';
import { efficiencyChecks, qualityChecks } from '../../src/domain/gates.ts';
import { summarizeLatency } from '../../src/domain/latency.ts';
import type { LatencyComparison } from '../../src/domain/measurement.ts';
import { compareOutcomes, type PairedOutcomes } from '../../src/domain/metrics.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { PlannedCandidate } from '../../src/domain/recipes.ts';
import { combine } from '../../src/domain/verdict.ts';
import { readDataset } from '../../src/inference/dataset.ts';
import { compareLatency } from '../../src/inference/latency.ts';
import { predict } from '../../src/inference/predict.ts';
import { readPredictions } from '../../src/inference/predictions.ts';
import type { Newswire } from './newswire.ts';
import { type Made, toolkit } from './search.ts';

export interface Tried {
  candidate: CandidateResult;
  path: string;
  /** False where it was given up before its accuracy was asked. */
  isEvaluated: boolean;
  minutes: number;
}

/** A file beside FP32: its speed in turns with it, and what it answers. */
export interface Measured {
  latency: Omit<LatencyComparison, 'rounds'>;
  outcomes: PairedOutcomes;
  /** Where its answers are kept. */
  predictions: string;
}

const options = { threads: 1 };
const LATENCY = { warmup: 5, seed: 1 };

/** How long speeds are compared: rounds over blocks of new processes. */
interface Pace {
  rounds: number;
  blocks: number;
}

/** Judges recipes and files of others alike, on the same rows; what was judged once is not judged again. */
export class Judge {
  private readonly known = new Map<string, Tried>();
  private readonly folder: string;
  private readonly newswire: Newswire;
  private readonly pace: Pace;

  constructor(folder: string, newswire: Newswire, pace: Pace) {
    this.folder = folder;
    this.newswire = newswire;
    this.pace = pace;
  }

  get baselinePredictions() {
    return join(this.folder, 'fp32.arrow');
  }

  async measureBaseline(): Promise<void> {
    const { model, roles } = this.newswire;
    await predict({ modelPath: model, dataPath: roles.selection.path, outPath: this.baselinePredictions, options });
  }

  async recipe({ id, recipe }: PlannedCandidate): Promise<Tried> {
    const key = canonicalJson(recipe);
    const known = this.known.get(key);
    if (known) return { ...known, candidate: { ...known.candidate, id } };
    const started = performance.now();
    const { model, roles } = this.newswire;
    const made = await toolkit<Made>(join(this.folder, `${this.known.size}`), 'quantize', {
      model,
      recipe,
      calibrationData: roles.calibration.path,
    });
    const tried = await this.judged({ id, recipe }, made.path, made);
    const minutes = (performance.now() - started) / 60_000;
    console.error(`  ${id}: ${tried.candidate.verdict}, ${tried.candidate.reason}`);
    this.known.set(key, { ...tried, minutes });
    return { ...tried, minutes };
  }

  /** Like the activities: kernels, then speed, then accuracy; of files that others made, accuracy alone. */
  async judged({ id, recipe }: PlannedCandidate, path: string, made?: Omit<Made, 'path'>): Promise<Tried> {
    const { spec, model } = this.newswire;
    const latency = made && (await this.timed(path));
    const sizeBytes = { baseline: statSync(model).size, candidate: made?.sizeBytes ?? 0 };
    const sizeRatio = sizeBytes.candidate / sizeBytes.baseline;
    const efficiency = latency
      ? efficiencyChecks(spec.quality, { scheme: recipe.scheme, sizeBytes, latency, coverage: made.coverage })
      : [];
    const base = { id, phase: 'ptq' as const, scheme: recipe.scheme, recipe };
    const failed = efficiency.filter(({ verdict }) => verdict !== 'successful');
    if (failed.length > 0) {
      const reason = failed.map(({ reason }) => reason).join('; ');
      return {
        path,
        isEvaluated: false,
        minutes: 0,
        candidate: { ...base, verdict: 'failed', reason, checks: efficiency },
      };
    }
    const { outcomes } = await this.answered(path, Boolean(made));
    const checks = [...qualityChecks(spec.quality, outcomes).checks, ...efficiency];
    const figures = {
      ...(latency && { speedup: latency.speedup }),
      ...{ sizeRatio, lost: outcomes.lost, flips: outcomes.flips },
      accuracyDrop: outcomes.accuracyBaseline - outcomes.accuracyCandidate,
    } as CandidateFigures;
    const reason = `${latency ? `${latency.speedup.toFixed(2)}x, ` : ''}${checks[0]!.reason}`;
    return {
      path,
      isEvaluated: true,
      minutes: 0,
      candidate: { ...base, verdict: combine(checks), reason, checks, figures },
    };
  }

  /** All of a file, whatever becomes of it. */
  async measured(path: string): Promise<Measured> {
    return { latency: await this.timed(path), ...(await this.answered(path, false)) };
  }

  private async timed(path: string): Promise<Measured['latency']> {
    const { model, roles } = this.newswire;
    const paths = { baselinePath: model, candidatePath: path, dataPath: roles.selection.path, options };
    return summarizeLatency(await compareLatency({ ...paths, ...LATENCY, ...this.pace }));
  }

  private async answered(path: string, bySlice: boolean): Promise<Omit<Measured, 'latency'>> {
    const dataPath = this.newswire.roles.selection.path;
    const predictions = `${path}.arrow`;
    await predict({ modelPath: path, dataPath, outPath: predictions, options });
    const { labels, slices } = readDataset(dataPath, []);
    const [baseline, candidate] = [this.baselinePredictions, predictions].map((file) => readPredictions(file).top1);
    const answers = { labels, baseline: baseline!, candidate: candidate! };
    return { outcomes: compareOutcomes({ ...answers, slices: bySlice ? slices : {} }), predictions };
  }

  /** How many times as fast one file is as another, in turns. */
  async sideBySide(path: string, than: string): Promise<number> {
    const dataPath = this.newswire.roles.selection.path;
    const paths = { baselinePath: than, candidatePath: path, dataPath, options };
    const rounds = 2 * this.pace.rounds;
    return summarizeLatency(await compareLatency({ ...paths, ...LATENCY, ...this.pace, rounds })).speedup;
  }
}

/** Every combination of what ONNX Runtime's recipes can be told; in a quick run of INT8 alone. */
export function everyRecipe(rows: number, quick: boolean): PlannedCandidate[] {
  const grid: Recipe[] = [];
  const base = { toolkit: 'onnxruntime' as const };
  for (const perChannel of [false, true]) grid.push({ ...base, scheme: 'int8-dynamic', options: { perChannel } });
  for (const method of quick ? (['minmax'] as const) : (['minmax', 'percentile', 'entropy'] as const))
    for (const perChannel of [false, true])
      for (const operators of quick
        ? [undefined]
        : [undefined, ['MatMul', 'Gemm'], ['MatMul', 'Gemm', 'Gather', 'Add']]) {
        const calibration = { role: 'calibration' as const, rows, method };
        grid.push({
          ...base,
          scheme: 'int8-static',
          calibration,
          options: { perChannel, ...(operators && { operators }) },
        });
      }
  if (!quick) {
    for (const blockSize of [32, 64, 128])
      for (const embeddings of [false, true])
        grid.push({ ...base, scheme: 'int4-weight', options: { blockSize, embeddings } });
    grid.push({ ...base, scheme: 'fp16' });
  }
  return grid.map((recipe) => ({ id: `${recipe.scheme} ${JSON.stringify(recipe.options ?? {})}`, recipe }));
}

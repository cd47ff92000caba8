import { poissonSchedule } from '../domain/load/arrivals.ts';
import { auditAccuracy, auditFaults } from '../domain/load/audits.ts';
import { compareBlocks } from '../domain/load/comparison.ts';
import { harnessFaults } from '../domain/load/harness.ts';
import { describeLoadTest } from '../domain/load/load-test.ts';
import { judgeLoad, type LoadScenario, latenciesOf } from '../domain/load/verdict.ts';
import { describeOptions } from '../domain/measurement.ts';
import { FIRST_PROBE } from '../domain/measurement-plan.ts';
import { sessionOptionsOf } from '../domain/spec.ts';
import { orderStatistic } from '../domain/statistics/order-statistic.ts';
import { isScored } from '../domain/tasks.ts';
import { readDataset } from '../inference/dataset.ts';
import { SAME_DIGEST } from '../inference/digest.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { auditCache } from '../inference/load/audit.ts';
import { compareUnderLoad } from '../inference/load/compare.ts';
import { largestRate } from '../inference/load/largest-rate.ts';
import { type LoadTarget, runLoad } from '../inference/load/run.ts';
import { withPrepared } from './prepared.ts';
import type { SpecFile } from './spec-file.ts';

export interface LoadRequest {
  endpoint?: string;
  model?: string;
  scenario?: LoadScenario;
  queries: number;
  rate?: number;
  against?: string;
}

/** What was measured, and the same in words. */
export interface LoadReport {
  target: string;
  host: string;
  [figures: string]: unknown;
  lines: string[];
}

interface Play {
  target: LoadTarget;
  rows: number;
  signal: AbortSignal;
  percentile: number;
  limitMs: number;
  tell: (step: string) => void;
}

const SEED = 1;
const AUDITED = 100;
const COMPARED = { blocks: 12, percentile: 0.5, seed: SEED };

/** Plays what was asked on the selection rows; nothing is kept. Rejects with the server's own words where it refuses. */
export async function playLoad(file: SpecFile, request: LoadRequest, tell: Play['tell']): Promise<LoadReport> {
  const { spec } = file;
  const { endpoint, model: served = spec.model.name, scenario, against } = request;
  const { cpuModel, cores } = await hostFingerprint();
  const options = sessionOptionsOf(spec);
  const host = `${cpuModel}, ${cores} cores; ${describeOptions(options)}`;
  tell('preparing the data');
  return withPrepared(file, async ({ model, roles, signal }) => {
    const dataPath = roles.selection.path;
    const data = readDataset(dataPath, []);
    const labels = isScored(spec.quality) ? null : data.labels;
    const how = { dataPath, answeredBy: labels ? ('class' as const) : ('digest' as const) };
    const onHost = (modelPath: string): LoadTarget => ({ kind: 'model', modelPath, options, ...how });
    const target: LoadTarget = endpoint ? { kind: 'endpoint', url: endpoint, model: served, ...how } : onHost(model);
    const { sloPercentile, sloMs: limitMs } = spec.serving;
    const play = { target, rows: data.rows, signal, percentile: sloPercentile / 100, limitMs, tell };
    const described = { target: endpoint ? `${served} at ${endpoint}` : file.files.model, host };
    if (against) return { ...described, ...(await compared(play, onHost(against), request)) };
    const reference = await answerAll(play, labels);
    if (scenario) return { ...described, ...(await playOnce(play, scenario, request, reference)) };
    return { ...described, ...(await searched(play, file, reference)) };
  });
}

interface Reference {
  answers: Float64Array;
  /** How far an answer may be from it. */
  tolerance: number;
  /** Null where rows have no class. */
  accuracy: number | null;
  medianMs: number;
}

/** Every row once, one after the other: what runs under load are held against. */
async function answerAll({ target, rows, signal, tell }: Play, labels: ArrayLike<number> | null): Promise<Reference> {
  tell(`answering all ${rows} selection rows, one after the other`);
  const asked = Int32Array.from({ length: rows }, (_, row) => row);
  const { log, answers } = await runLoad({ target, scenario: 'single-stream', rows: asked, signal });
  const accuracy = labels && answers.filter((answer, row) => answer === labels[row]).length / rows;
  const tolerance = labels ? 0 : SAME_DIGEST;
  return { answers, tolerance, accuracy, medianMs: orderStatistic(latenciesOf(log).sort(), 0.5) };
}

const accuracyLine = ({ accuracy, answers }: Reference) =>
  accuracy === null
    ? `${answers.length} selection rows answered; runs under load are held against them`
    : `accuracy ${(100 * accuracy).toFixed(2)} % on ${answers.length} selection rows`;

async function playOnce(
  { target, rows, signal, percentile, limitMs, tell }: Play,
  scenario: LoadScenario,
  { queries, rate }: LoadRequest,
  reference: Reference
): Promise<{ lines: string[] }> {
  const asked = Int32Array.from({ length: queries }, (_, query) => query % rows);
  const scheduledMs = rate && poissonSchedule({ ratePerSecond: rate, queries, seed: SEED });
  const run = await runLoad({
    ...{ target, scenario, rows: asked, limitMs, signal },
    ...(scheduledMs && { scheduledMs }),
    onProgress: tenths((done, total) => tell(`${scenario}: ${done} of ${total}`)),
  });
  const rules = { scenario, percentile, limitMs, minimumDurationMs: 0, minimumQueries: 1 };
  const verdict = judgeLoad(rules, run.log);
  const { answers: expected, tolerance } = reference;
  const audit = auditAccuracy({ rows: asked, answers: run.answers, expected, tolerance, checks: AUDITED, seed: SEED });
  const faults = [...verdict.faults, ...harnessFaults(run.harness), ...auditFaults({ accuracy: audit })];
  const { percentileMs, estimateMs, queriesPerSecond } = verdict;
  const bound = estimateMs === null ? '' : `, at most ${estimateMs.toFixed(2)} ms with 99 % confidence`;
  return {
    ...{ scenario, verdict: { ...verdict, valid: faults.length === 0, faults }, harness: run.harness },
    ...{ audit, accuracy: reference.accuracy, cpuMsPerQuery: run.cpuMsPerQuery, gpu: run.gpu },
    lines: [
      `${faults.length ? 'INVALID' : 'VALID'}: ${scenario}, ${verdict.queries} queries, ${queriesPerSecond.toFixed(2)} a second`,
      `p${100 * percentile} ${percentileMs.toFixed(2)} ms${bound}`,
      accuracyLine(reference),
      ...faults.map((fault) => `- ${fault}`),
    ],
  };
}

/** Tells ten times of a run at most. */
function tenths(tell: (done: number, total: number) => void): (progress: { done: number; total: number }) => void {
  let told = 0;
  return ({ done, total }) => {
    const tenth = Math.floor((10 * done) / total);
    if (tenth > told) tell(done, total);
    told = tenth;
  };
}

async function searched(play: Play, { spec }: SpecFile, reference: Reference): Promise<{ lines: string[] }> {
  const { target, rows, signal, percentile, limitMs, tell } = play;
  const level = { percentile, limitMs };
  const found = await largestRate({
    ...spec.loadTest,
    ...{ target, rows, signal, seed: SEED, expected: reference.answers, tolerance: reference.tolerance, level },
    replicas: 1,
    startPerSecond: (1_000 * FIRST_PROBE) / reference.medianMs,
    onProbe: ({ probes }) => {
      const { ratePerSecond, verdict } = probes.at(-1)!;
      tell(
        `probe ${probes.length} of at most ${spec.loadTest.maximumProbes}: ${ratePerSecond.toFixed(1)} a second ${verdict}`
      );
    },
  });
  tell('asking one row again and again, to see a cache');
  const caching = await auditCache({ target, rows, signal });
  const faults = [...found.faults, ...auditFaults({ accuracy: found.accuracy, caching })];
  return {
    ...found,
    ...{ audit: found.accuracy, caching, accuracy: reference.accuracy, faults },
    lines: [describeLoadTest({ ...found, level, faults }), accuracyLine(reference)],
  };
}

async function compared(
  { target, rows, signal, tell }: Play,
  candidate: LoadTarget,
  { queries, rate }: LoadRequest
): Promise<{ lines: string[] }> {
  const blocks = await compareUnderLoad({
    ...COMPARED,
    ...{ targets: { baseline: target, twin: target, candidate }, rows, ratePerSecond: rate!, signal },
    queriesPerBlock: Math.ceil(queries / COMPARED.blocks),
    onProgress: ({ done, total }) => tell(`plays: ${done} of ${total}`),
  });
  const comparison = compareBlocks(blocks);
  const of = ({ estimate, interval: [lower, upper] }: typeof comparison.noise) =>
    `${estimate.toFixed(2)}x [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;
  return {
    ...comparison,
    lines: [
      comparison.isFaster
        ? `median latency at ${rate} a second: ${of(comparison.speedup)} as fast`
        : `no speed-up beyond the noise at ${rate} a second: ${of(comparison.speedup)}`,
      `the first model against itself ${of(comparison.noise)}`,
    ],
  };
}

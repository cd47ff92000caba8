import { poissonSchedule } from '../../src/domain/load/arrivals.ts';
import { exponentialGoodnessOfFit } from '../../src/domain/statistics/kolmogorov-smirnov.ts';
import { type LoadTarget, runLoad } from '../../src/inference/load/run.ts';
import type { Figure } from '../figure.ts';

/** Arrivals while inference keeps another core busy all the time. */
export async function arrivalFigures({ quick, model }: { quick: boolean; model: LoadTarget }): Promise<Figure[]> {
  const stop = new AbortController();
  const busy = saturate(model, stop.signal);
  try {
    const figures: Figure[] = [];
    for (const ratePerSecond of [50, 500]) figures.push(...(await arrivalsAt(ratePerSecond, quick ? 8 : 40)));
    return figures;
  } finally {
    stop.abort();
    await busy;
  }
}

async function saturate(target: LoadTarget, signal: AbortSignal): Promise<void> {
  try {
    for (;;) await runLoad({ target, scenario: 'single-stream', rows: new Int32Array(100_000), signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Of the middle one of three plays: a hypervisor that stops the pacer for a moment does so to one of them. */
async function arrivalsAt(ratePerSecond: number, seconds: number): Promise<Figure[]> {
  const queries = ratePerSecond * seconds;
  const scheduledMs = poissonSchedule({ ratePerSecond, queries, seed: 21 });
  const play = () =>
    runLoad({
      target: { kind: 'simulated', serviceMs: new Float64Array(queries).fill(0.01) },
      scenario: 'server',
      rows: new Int32Array(queries),
      scheduledMs,
    });
  const plays = [await play(), await play(), await play()];
  plays.sort((a, b) => a.harness.latenessP99Ms - b.harness.latenessP99Ms);
  const { log, harness } = plays[1]!;
  const gaps = log.issuedMs.map((at, i) => at - (log.issuedMs[i - 1] ?? 0));
  const rateError = Math.abs(scheduledMs[queries - 1]! / log.issuedMs[queries - 1]! - 1);
  const where = `arrivals at ${ratePerSecond}/s beside busy inference`;
  const fit = exponentialGoodnessOfFit({ gaps, rate: ratePerSecond / 1_000 });
  return [
    { name: `${where}: lateness p50`, value: 1_000 * harness.latenessP50Ms, unit: 'us', goal: 20, peer: null },
    { name: `${where}: lateness p99`, value: 1_000 * harness.latenessP99Ms, unit: 'us', goal: 1_500, peer: null },
    { name: `${where}: p of exponential gaps`, value: fit, unit: '', goal: 0.01, atLeast: true, peer: null },
    { name: `${where}: rate off its schedule by`, value: 100 * rateError, unit: '%', goal: 0.5, peer: null },
  ];
}

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { QUEUES } from '../../src/domain/ids.ts';
import type { LoadTest } from '../../src/domain/load/load-test.ts';
import { runLoad } from '../../src/inference/load/run.ts';
import { predict } from '../../src/inference/predict.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { spec } from '../../test/workflows/fakes.ts';
import type { Figure } from '../figure.ts';
import { type Engine, withEngine } from '../killed.ts';
import type { search } from './crash-workflow.ts';

const WORKFLOW = fileURLToPath(new URL('./crash-workflow.ts', import.meta.url));
const RESTART_MS = 500;
const PROBES = 4; // by 1.5 each
/** Of the capacity: a search that climbs and stays at half of it, and one that comes down and stays at twice. */
const STARTS = { below: 0.5 / 1.5 ** (PROBES - 1), above: 2 * 1.5 ** (PROBES - 1) };

/**
 * `kill -9` of the worker in the middle of a search, against the same search left alone. No rate is near the capacity,
 * where a host whose speed drifts by a fifth would say now this and now that.
 */
export async function crashFigures(input: {
  quick: boolean;
  target: { modelPath: string; dataPath: string };
}): Promise<Figure[]> {
  return withEngine({ workflow: WORKFLOW }, async (engine) => {
    const job = await jobIn(engine.home, input.target);
    const capacity = await capacityOf(input.target);
    const play = (id: string, times: number, killsAfter: number[]) =>
      searchWith({ engine, job: { ...job, startPerReplica: times * capacity }, id, killsAfter });
    const lost: number[] = [];
    let [kills, otherwise] = [0, 0];
    for (const [from, times] of Object.entries(STARTS)) {
      const alone = await play(`${from}-alone`, times, []);
      for (const [i, killsAfter] of (input.quick ? [[1]] : [[0], [1, 2]]).entries()) {
        const killed = await play(`${from}-killed-${i}`, times, killsAfter);
        lost.push(killed.lost);
        kills += killsAfter.length;
        if (verdictsOf(killed) === verdictsOf(alone)) continue;
        otherwise++;
        console.error(`left alone ${verdictsOf(alone)}, killed ${verdictsOf(killed)}`);
      }
    }
    const where = `kill -9 of the worker in a search, ${kills} times`;
    return [
      { name: `${where}: probes lost at the last kill`, value: Math.max(...lost), unit: 'probes', goal: 1, peer: null },
      {
        name: `${where}: searches that end otherwise than one left alone`,
        value: otherwise,
        unit: '',
        goal: 0,
        peer: null,
      },
    ];
  });
}

const verdictsOf = ({ test }: { test: LoadTest }) =>
  JSON.stringify(test.probes.map(({ ratePerSecond, verdict }) => [ratePerSecond, verdict]));

async function jobIn(home: string, { modelPath, dataPath }: { modelPath: string; dataPath: string }) {
  const artifacts = new ArtifactStore(join(home, 'artifacts'));
  const outPath = join(home, 'predictions.arrow');
  const { rows } = await predict({ modelPath, dataPath, outPath, options: { threads: 1 } });
  return {
    spec: spec('crash', {
      serving: { sloPercentile: 95, sloMs: 100 },
      loadTest: { firstQueries: 600, maximumQueries: 2_400, maximumProbes: PROBES, resolution: 1.6 },
    }),
    subject: 'baseline',
    model: await artifacts.putFile(modelPath),
    selection: {
      arrow: await artifacts.putFile(dataPath),
      rows,
      rowsSha256: '',
      tokenizerSha256: '',
      classes: {},
      slices: {},
    },
    predictions: { arrow: await artifacts.putFile(outPath), rows },
  };
}

/** Queries a second, all at once. */
async function capacityOf(files: { modelPath: string; dataPath: string }): Promise<number> {
  const rows = new Int32Array(1_000);
  const target = { kind: 'model' as const, ...files, options: { threads: 1 } };
  const { log } = await runLoad({ target, scenario: 'offline', rows });
  return (1_000 * rows.length) / Math.max(...log.completedMs);
}

async function searchWith(run: {
  engine: Engine;
  job: Awaited<ReturnType<typeof jobIn>> & { startPerReplica: number };
  id: string;
  killsAfter: number[];
}): Promise<{ test: LoadTest; lost: number }> {
  const { engine, job, id, killsAfter } = run;
  const { client, home } = engine;
  const startWorker = () => engine.startWorker([QUEUES.loadTest]);
  rmSync(join(home, 'trials'), { recursive: true, force: true }); // a finished search would be taken from the ledger
  let worker = startWorker();
  try {
    const handle = await client.workflow.start<typeof search>('search', {
      workflowId: id,
      taskQueue: QUEUES.engagement,
      args: [{ ...job, engagement: id }],
    });
    let finishedAtKill: number | undefined; // probes, at the last one
    for (const after of killsAfter) {
      while ((await finishedProbes(handle)) < after + 1) await sleep(50);
      await sleep(RESTART_MS); // into the next probe
      finishedAtKill = await finishedProbes(handle);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      worker = startWorker();
    }
    const test = await handle.result();
    return { test, lost: finishedAtKill === undefined ? 0 : finishedAtKill - test.resumedAfter + 1 };
  } finally {
    worker.kill('SIGKILL');
  }
}

/** As the last heartbeat that the server has says. */
async function finishedProbes(handle: WorkflowHandle): Promise<number> {
  const { raw } = await handle.describe();
  const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
  return payload ? (defaultPayloadConverter.fromPayload<{ done: number } | null>(payload)?.done ?? 0) : 0;
}

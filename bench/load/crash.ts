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
import { median } from './bare.ts';
import type { search } from './crash-workflow.ts';

const WORKFLOW = fileURLToPath(new URL('./crash-workflow.ts', import.meta.url));
const RESTART_MS = 500;

/** `kill -9` of the worker in the middle of a search, against the same search left alone; coarse steps, clear verdicts. */
export async function crashFigures(input: {
  quick: boolean;
  target: { modelPath: string; dataPath: string };
}): Promise<Figure[]> {
  return withEngine({ workflow: WORKFLOW }, async (engine) => {
    const job = await jobIn(engine.home, input.target);
    const play = (id: string, killsAfter: number[]) => searchWith({ engine, job, id, killsAfter });
    const alone = await play('alone', []);
    const killed: Awaited<ReturnType<typeof play>>[] = [];
    for (const [i, killsAfter] of (input.quick ? [[1]] : [[0], [1], [2], [0, 2]]).entries())
      killed.push(await play(`killed-${i}`, killsAfter));
    const lost = Math.max(...killed.map((one) => one.lost));
    const others = killed.map(({ test }) => verdictsOf(test)).filter((verdicts) => verdicts !== verdictsOf(alone.test));
    for (const verdicts of others) console.error(`left alone ${verdictsOf(alone.test)}, killed ${verdicts}`);
    const kills = killed.reduce((total, { crashes }) => total + crashes.length, 0);
    const where = `kill -9 of the worker in a search, ${kills} ${kills === 1 ? 'time' : 'times'}`;
    return [
      { name: `${where}: probes lost at the last kill`, value: lost, unit: 'probes', goal: 1, peer: null },
      {
        name: `${where}: searches that end otherwise than one left alone`,
        value: others.length,
        unit: '',
        goal: 0,
        peer: null,
      },
    ];
  });
}

const verdictsOf = ({ probes }: LoadTest) =>
  JSON.stringify(probes.map(({ ratePerSecond, verdict }) => [ratePerSecond, verdict]));

async function jobIn(home: string, { modelPath, dataPath }: { modelPath: string; dataPath: string }) {
  const artifacts = new ArtifactStore(join(home, 'artifacts'));
  const outPath = join(home, 'predictions.arrow');
  const { rows } = await predict({ modelPath, dataPath, outPath, options: { threads: 1 } });
  return {
    spec: spec('crash', {
      // of the median: a neighbour's stalls decide nothing, nor does how long a queue remembers
      serving: { sloPercentile: 50, sloMs: 100 },
      loadTest: { firstQueries: 600, maximumQueries: 2_400, maximumProbes: 8, resolution: 1.6 },
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
    startPerReplica: (0.8 * (await capacityOf({ modelPath, dataPath }))) / 1.5 ** 2,
  };
}

/** Queries a second, all at once: steps at a half, four fifths and six fifths of it are clearly below and above. */
async function capacityOf(files: { modelPath: string; dataPath: string }): Promise<number> {
  const rows = new Int32Array(1_000);
  const target = { kind: 'model' as const, ...files, options: { threads: 1 } };
  const perSecond: number[] = [];
  for (let run = 0; run < 5; run++) {
    const { log } = await runLoad({ target, scenario: 'offline', rows });
    perSecond.push((1_000 * rows.length) / Math.max(...log.completedMs));
  }
  return median(perSecond);
}

async function searchWith(run: {
  engine: Engine;
  job: Awaited<ReturnType<typeof jobIn>>;
  id: string;
  killsAfter: number[];
}): Promise<{ test: LoadTest; crashes: number[]; lost: number }> {
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
    const crashes: number[] = []; // probes finished at each kill
    for (const after of killsAfter) {
      while ((await finishedProbes(handle)) < after + 1) await sleep(50);
      await sleep(RESTART_MS); // into the next probe
      const finished = await finishedProbes(handle);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      worker = startWorker();
      crashes.push(finished);
    }
    const test = await handle.result();
    return { test, crashes, lost: crashes.length ? crashes.at(-1)! - test.resumedAfter + 1 : 0 };
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

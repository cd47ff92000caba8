import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { createVerdictActivities } from '../../src/activities/verdicts.ts';
import { loadConfig } from '../../src/config.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { EngagementInput, EngagementState } from '../../src/domain/engagement.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { spec as specOf } from '../../test/workflows/fakes.ts';
import type { Figure } from '../figure.ts';
import { type Engine, withEngine } from '../killed.ts';
import type { search } from './crash-workflow.ts';

const WORKFLOW = fileURLToPath(new URL('./crash-workflow.ts', import.meta.url));
const MAKER = fileURLToPath(new URL('../../test/toolkits/planted.py', import.meta.url));
const PLANTED = { layers: 6, sensitive: '3', seed: 1, rows: 600, width: 384 };
const SHORTEST_LIFE_MS = 3_000; // a worker needs about that long to start
const MEAN_LIFE_MS = 6_000; // a killed activity is tried again 20 s later
const KILLS_A_SEARCH = 17; // so that they fall into every part of several
/** After which no worker is killed any more, and how long a search left alone then may take. */
const LONGEST_MS = { killing: 900_000, ending: 300_000 };

/** `kill -9` of the workers that quantize and measure, at random moments of searches, against one left alone. */
export async function crashFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const kills = quick ? 3 : 50;
  return withEngine({ workflow: WORKFLOW, activities: verdictsIn }, async (engine) => {
    const job = await jobIn(engine.home);
    const play = (name: string, toKill: number, until: number, random: Random) =>
      searchWith({ engine, job, name, toKill, until, random });
    const alone = await play('alone', 0, 0, seededRandom(0));
    const until = performance.now() + LONGEST_MS.killing;
    const killed: Awaited<ReturnType<typeof play>>[] = [];
    const done = () => killed.reduce((total, search) => total + search.kills, 0);
    while (done() < kills && performance.now() < until) {
      const toKill = Math.min(KILLS_A_SEARCH, kills - done());
      killed.push(await play(`killed-${killed.length}`, toKill, until, seededRandom(killed.length + 1)));
    }
    const where = `random kill -9 in ${killed.length} ${killed.length === 1 ? 'search' : 'searches'} of ${alone.trials.size} trials`;
    const others = killed.filter(({ decision }) => decision !== alone.decision).length;
    const again = killed.reduce((total, { repeated, trials }) => total + repeated + trials.size - alone.trials.size, 0);
    return [
      { name: where, value: done(), unit: '', goal: kills, atLeast: true, peer: null },
      { name: `${where}: finished trials repeated`, value: again, unit: '', goal: 0, peer: null },
      { name: `${where}: searches with another decision or hash`, value: others, unit: '', goal: 0, peer: null },
    ];
  });
}

function verdictsIn(home: string) {
  const journalOf = (engagement: string) => new Journal(join(home, 'journals'), engagement);
  return createVerdictActivities({ artifacts: new ArtifactStore(join(home, 'artifacts')), journalOf });
}

async function jobIn(home: string): Promise<[EngagementInput, EngagementState]> {
  const artifacts = new ArtifactStore(join(home, 'artifacts'));
  const { layers, sensitive, seed, rows, width } = PLANTED;
  const numbers = [layers, sensitive, seed, rows, width].map(String);
  await promisify(execFile)(loadConfig().python, [MAKER, home, ...numbers]);
  const model = await artifacts.putFile(join(home, 'model.onnx'));
  const arrow = await artifacts.putFile(join(home, 'rows.arrow'));
  const spec = specOf('killed', { quality: { metric: 'accuracy', marginPoints: 5, sliceMarginPoints: 10 } });
  const data = { arrow, rows, rowsSha256: arrow.sha256, tokenizerSha256: '', classes: {}, slices: {} };
  const preparation = { model: { bytes: model.bytes, inputs: [], outputs: [], opset: 17, parameters: 0 }, data: {} };
  return [
    { spec, sources: { model, tokenizer: arrow, data: {} }, startedBy: 'bench', startedAt: '' },
    {
      ...{ spec, phase: 'ptq', candidates: [], phases: [], customRecipes: [], released: [] },
      preparation: { ...preparation, data: { calibration: data, selection: data } },
    },
  ];
}

async function searchWith(run: {
  engine: Engine;
  job: [EngagementInput, EngagementState];
  name: string;
  toKill: number;
  /** By the clock of `performance.now()`; the worker lives on from then on. */
  until: number;
  random: Random;
}) {
  const { engine, job, name, toKill, until, random } = run;
  const { client, home } = engine;
  const ledger = join(home, 'trials');
  rmSync(ledger, { recursive: true, force: true }); // a finished search would be taken from it
  const start = () => engine.startWorker([QUEUES.toolkit, QUEUES.loadTest]);
  let worker = start();
  const spec = { ...job[0].spec, engagement: name };
  const args: Parameters<typeof search> = [
    { ...job[0], spec },
    { ...job[1], spec },
  ];
  const handle = await client.workflow.start<typeof search>('search', {
    workflowId: name,
    taskQueue: QUEUES.engagement,
    args,
  });
  const seen = new Map<string, string>();
  let [kills, repeated] = [0, 0];
  try {
    while (kills < toKill && performance.now() < until) {
      const ended = await endsWithin(handle, SHORTEST_LIFE_MS - MEAN_LIFE_MS * Math.log(1 - random.next()));
      if (ended) break;
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      kills += 1;
      for (const [key, record] of recordsIn(ledger)) {
        if ((seen.get(key) ?? record) !== record) repeated += 1;
        seen.set(key, record);
      }
      console.error(`  ${name}: kill ${kills}, ${seen.size} trials finished`);
      worker = start();
    }
    if (!(await endsWithin(handle, LONGEST_MS.ending)))
      throw new Error(`search '${name}' did not end in ${LONGEST_MS.ending / 1_000} s after its last kill`);
    const state = await handle.result();
    const trials = recordsIn(ledger);
    for (const [key, record] of seen) if (trials.get(key) !== record) repeated += 1;
    return { kills, repeated, trials, decision: decisionOf(state) };
  } finally {
    worker.kill('SIGKILL');
  }
}

function endsWithin(handle: WorkflowHandle, milliseconds: number): Promise<boolean> {
  return Promise.race([handle.result().then(() => true), sleep(milliseconds, false)]);
}

/** Whole records with what was timed: one measured twice would differ. */
function recordsIn(ledger: string): Map<string, string> {
  if (!existsSync(ledger)) return new Map(); // killed before the first
  const names = readdirSync(ledger, { withFileTypes: true }).filter((entry) => entry.name.endsWith('.json'));
  return new Map(names.map(({ name }) => [name, readFileSync(join(ledger, name), 'utf8')]));
}

/** What was made and decided, without what was timed. */
function decisionOf({ candidates, sensitivity }: EngagementState): string {
  const made = candidates.map(({ id, recipe, verdict, trial, figures }) => {
    const hashes = [trial?.quantized.model.sha256, trial?.predictions.arrow.sha256];
    return { id, recipe, verdict, hashes, lost: figures?.lost, won: figures?.won };
  });
  const { groups, evaluations } = sensitivity!;
  return canonicalJson({ made, groups, evaluations });
}

import { parentPort, workerData } from 'node:worker_threads';
import { classify } from '../classification.ts';
import { readDataset } from '../dataset.ts';
import type { TensorValue } from '../protocol.ts';
import { createSession } from '../session.ts';
import type { LoadTarget } from './run.ts';
import { DONE, ISSUED, type SharedRun, STOP, sinceOrigin, TAKEN, waitForCount, waitUntil } from './shared.ts';

const { run, target, warmup, issuesItself } = workerData as ReplicaData;
const queries = run.rows.length;

interface ReplicaData {
  run: SharedRun;
  target: LoadTarget;
  warmup: number;
  issuesItself: boolean;
}

type Answer = (query: number) => Promise<number>;

const answer = target.kind === 'model' ? await modelAnswer(target) : simulatedAnswer(target);
parentPort!.once('message', () => void serve()); // starts with the others
parentPort!.postMessage('ready');

async function modelAnswer({ modelPath, dataPath, options }: Extract<LoadTarget, { kind: 'model' }>): Promise<Answer> {
  const session = await createSession(modelPath, options);
  const data = readDataset(dataPath, session.inputs);
  const feeds = new Map<number, Record<string, TensorValue>>();
  for (const row of new Set(run.rows)) feeds.set(row, data.feeds(row));
  const answerRow = async (row: number) => {
    const { outputs } = await session.run(feeds.get(row)!);
    return classify(outputs, data.ids[row]!).top1;
  };
  for (let i = 0; i < warmup; i++) await answerRow(run.rows[i % queries]!);
  return (query) => answerRow(run.rows[query]!);
}

/** A server that takes a known time, to hold the harness against queueing theory. */
function simulatedAnswer({ serviceMs }: Extract<LoadTarget, { kind: 'simulated' }>): Answer {
  return async (query) => {
    const endMs = run.startedMs[query]! + serviceMs[query]!;
    while (sinceOrigin(run) < endMs); // computes all the time, as inference does
    return -1;
  };
}

async function serve(): Promise<void> {
  waitUntil(run, 0);
  for (;;) {
    const query = Atomics.add(run.control, TAKEN, 1);
    if (query >= queries || Atomics.load(run.control, STOP)) break;
    if (!issuesItself && !waitForCount(run, ISSUED, query + 1)) break;
    const startedMs = sinceOrigin(run);
    if (issuesItself) run.scheduledMs[query] = run.issuedMs[query] = startedMs;
    run.startedMs[query] = startedMs;
    run.answers[query] = await answer(query);
    run.completedMs[query] = sinceOrigin(run);
    Atomics.add(run.control, DONE, 1);
    Atomics.notify(run.control, DONE);
  }
  parentPort!.close();
}

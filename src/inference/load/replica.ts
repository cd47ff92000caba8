import { parentPort, workerData } from 'node:worker_threads';
import { classify } from '../classification.ts';
import { readDataset } from '../dataset.ts';
import { digestOf } from '../digest.ts';
import type { TensorValue } from '../protocol.ts';
import { createSession } from '../session.ts';
import { connectEndpoint } from './endpoint.ts';
import type { AnsweredBy, LoadTarget } from './run.ts';
import { DONE, ISSUED, isIssued, type SharedRun, STOP, sinceOrigin, TAKEN, waitForCount, waitUntil } from './shared.ts';

const { run, target, warmup, issuesItself } = workerData as ReplicaData;
const queries = run.rows.length;

interface ReplicaData {
  run: SharedRun;
  target: LoadTarget;
  warmup: number;
  issuesItself: boolean;
}

type Answer = (query: number) => Promise<number>;

/** What the last query of the warm-up took; 0 without a warm-up. */
let warmMs = 0;

const answer = await answerOf(target);
parentPort!.once('message', () => void (target.kind === 'endpoint' ? serveConcurrently() : serve())); // with the others
parentPort!.postMessage('ready');

function answerOf(target: LoadTarget): Promise<Answer> {
  switch (target.kind) {
    case 'model':
      return modelAnswer(target);
    case 'endpoint':
      return endpointAnswer(target);
    case 'simulated':
      return simulatedAnswer(target);
  }
}

async function modelAnswer({
  modelPath,
  dataPath,
  options,
  answeredBy,
}: Extract<LoadTarget, { kind: 'model' }>): Promise<Answer> {
  const session = await createSession(modelPath, options);
  const data = readDataset(dataPath, session.inputs);
  const feeds = new Map<number, Record<string, TensorValue>>();
  for (const row of new Set(run.rows)) feeds.set(row, data.feeds(row));
  const answerRow = async (row: number) => {
    const { outputs } = await session.run(feeds.get(row)!);
    return known(answeredBy, outputs, data.ids[row]!);
  };
  for (let i = 0; i < warmup; i++) {
    const from = performance.now();
    await answerRow(run.rows[i % queries]!);
    warmMs = performance.now() - from;
  }
  return (query) => answerRow(run.rows[query]!);
}

async function endpointAnswer(endpoint: Extract<LoadTarget, { kind: 'endpoint' }>): Promise<Answer> {
  const client = await connectEndpoint(endpoint);
  const data = readDataset(endpoint.dataPath, client.inputs);
  const bodies = new Map<number, string>();
  for (const row of new Set(run.rows)) bodies.set(row, client.bodyOf(data.feeds(row)));
  const answerRow = async (row: number) =>
    known(endpoint.answeredBy, await client.infer(bodies.get(row)!), data.ids[row]!);
  for (let i = 0; i < warmup; i++) await answerRow(run.rows[i % queries]!);
  return (query) => answerRow(run.rows[query]!);
}

/** A server that takes a known time, to hold the harness against queueing theory. */
async function simulatedAnswer({ serviceMs }: Extract<LoadTarget, { kind: 'simulated' }>): Promise<Answer> {
  return async (query) => {
    const endMs = run.startedMs[query]! + serviceMs[query]!;
    while (sinceOrigin(run) < endMs); // computes all the time, as inference does
    return -1;
  };
}

async function serve(): Promise<void> {
  await stayWarm();
  waitUntil(run, 0);
  for (;;) {
    const query = Atomics.add(run.control, TAKEN, 1);
    if (query >= queries || Atomics.load(run.control, STOP)) break;
    if (!issuesItself && !waitForCount(run, ISSUED, query + 1)) break;
    if (issuesItself) run.scheduledMs[query] = run.issuedMs[query] = sinceOrigin(run);
    await serveOne(query);
  }
  parentPort!.close();
}

/** Answers until shortly before the start: after a pause of 20 ms the first query takes half as long again. */
async function stayWarm(): Promise<void> {
  while (warmMs > 0 && sinceOrigin(run) + 1.5 * warmMs < 0) await answer(0);
}

/** An endpoint takes as many queries at once as there are: each is sent when it is issued. */
async function serveConcurrently(): Promise<void> {
  if (issuesItself) return serve();
  waitUntil(run, 0);
  const awake = setInterval(() => {}, 60_000); // a wait on shared memory alone does not keep a thread
  const underWay: Promise<void>[] = [];
  for (let query = 0; query < queries && (await isIssued(run, query + 1)); query++) underWay.push(serveOne(query));
  await Promise.all(underWay);
  clearInterval(awake);
  parentPort!.close();
}

async function serveOne(query: number): Promise<void> {
  run.startedMs[query] = sinceOrigin(run);
  run.answers[query] = await answer(query);
  run.completedMs[query] = sinceOrigin(run);
  Atomics.add(run.control, DONE, 1);
  Atomics.notify(run.control, DONE);
}

function known(by: AnsweredBy | undefined, outputs: Record<string, TensorValue>, id: string): number {
  return by === 'digest' ? digestOf(outputs, id) : classify(outputs, id).top1;
}

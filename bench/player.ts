import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Random, seededRandom } from '../src/domain/statistics/random.ts';
import { type Dataset, readDataset } from '../src/inference/dataset.ts';
import type { TensorDeclaration } from '../src/inference/host.ts';
import { typeOf, writeTensor } from '../src/inference/open-inference.ts';

const USAGE = `usage: node bench/player.ts --gateway http://127.0.0.1:<port> --model <name> --data <prepared.arrow>
  --rate <requests a second, or max>  --seconds <number>
  [--requests <at most>] [--concurrency 8] [--users 500] [--seed 1]
  [--labels <at most>] [--label-delay-ms 1000] [--unit-header x-stepdown-unit] [--patience-ms 30000]
Plays rows of a prepared data set, drawn with replacement, and posts their true labels late.
STEPDOWN_GATEWAY_TOKEN is the bearer token for feedback, where the gateway asks for one.`;

const LABEL_BATCH = 100;
const LABEL_POLL_MS = 100;
const FIRST_RETRY_MS = 50;
const SLOWEST_RETRY_MS = 1_000;
const ANSWER_TIMEOUT_MS = 15_000;

interface Settings {
  gateway: URL;
  model: string;
  data: string;
  /** Requests per second, open loop; infinite: closed loop. */
  rate: number;
  seconds: number;
  requests: number;
  concurrency: number;
  users: number;
  seed: number;
  labels: number;
  labelDelayMs: number;
  unitHeader: string;
  patienceMs: number;
}

interface Label {
  due: number;
  id: string;
  label: number;
}

class Player {
  readonly summary = {
    sent: 0,
    ok: 0,
    failed: 0,
    /** Attempts repeated because the gateway was away or busy. */
    retried: 0,
    labelled: 0,
    /** Labels of predictions that the gateway had not compared. */
    labelsUnknown: 0,
    /** Arrivals left out because as many requests as allowed were under way. */
    skipped: 0,
  };
  readonly #settings: Settings;
  readonly #stop = new AbortController();
  readonly #labels: Label[] = [];
  readonly #random: Random;
  readonly #run = Date.now().toString(36);
  #labelsTaken = 0;
  #playing = true;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
  }

  stop(): void {
    this.#stop.abort();
  }

  async play(): Promise<void> {
    const until = Date.now() + this.#settings.seconds * 1_000;
    const dataset = await this.#load(until);
    if (!dataset) return;
    const posting = this.#postLabels();
    if (Number.isFinite(this.#settings.rate)) await this.#openLoop(dataset, until);
    else await this.#closedLoop(dataset, until);
    this.#playing = false;
    await posting;
  }

  /** The model's inputs come from the gateway, which may still be starting; undefined when time is up before. */
  async #load(until: number): Promise<Dataset | undefined> {
    const { model, data } = this.#settings;
    while (this.#goesOn(until)) {
      const response = await this.#fetch(`/v2/models/${encodeURIComponent(model)}`).catch(() => undefined);
      if (response?.ok) {
        const { inputs } = (await response.json()) as { inputs: { name: string; datatype: string; shape: number[] }[] };
        return readDataset(data, inputs.map(declarationOf));
      }
      await this.#pause(FIRST_RETRY_MS * 4);
    }
    return undefined;
  }

  async #openLoop(dataset: Dataset, until: number): Promise<void> {
    const { rate, requests, concurrency } = this.#settings;
    const underWay = new Set<Promise<void>>();
    const startedAt = performance.now();
    for (let arrival = 0; arrival < requests && this.#goesOn(until); arrival++) {
      await this.#pause(startedAt + (arrival * 1_000) / rate - performance.now());
      if (!this.#goesOn(until)) break;
      if (underWay.size >= concurrency) {
        this.summary.skipped++;
        continue;
      }
      const request = this.#send(dataset).finally(() => underWay.delete(request));
      underWay.add(request);
    }
    await Promise.all(underWay);
  }

  async #closedLoop(dataset: Dataset, until: number): Promise<void> {
    const client = async () => {
      while (this.summary.sent < this.#settings.requests && this.#goesOn(until)) await this.#send(dataset);
    };
    await Promise.all(Array.from({ length: this.#settings.concurrency }, client));
  }

  /** One request under one id, however many attempts it takes. */
  async #send(dataset: Dataset): Promise<void> {
    const { model, users, seed, unitHeader, patienceMs } = this.#settings;
    const row = this.#draw(dataset.rows);
    const id = `${this.#run}-${seed}-${this.summary.sent++}`;
    const headers = { 'content-type': 'application/json', [unitHeader]: `user-${this.#draw(users)}` };
    const body = JSON.stringify({ id, inputs: inputsOf(dataset, row) });
    const giveUpAt = Date.now() + patienceMs;
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, SLOWEST_RETRY_MS)) {
      const status = await this.#status(`/v2/models/${encodeURIComponent(model)}/infer`, { body, headers });
      if (status === 200) {
        this.summary.ok++;
        this.#label(id, dataset.labels[row]!);
        return;
      }
      if (!isTransient(status) || Date.now() > giveUpAt || this.#stop.signal.aborted) {
        this.summary.failed++;
        return;
      }
      this.summary.retried++;
      await this.#pause(wait);
    }
  }

  #label(id: string, label: number): void {
    if (this.#labelsTaken >= this.#settings.labels) return;
    this.#labelsTaken++;
    this.#labels.push({ due: Date.now() + this.#settings.labelDelayMs, id, label });
  }

  /** In batches, as a nightly job of the client's would; what the gateway did not acknowledge is posted again. */
  async #postLabels(): Promise<void> {
    const token = process.env.STEPDOWN_GATEWAY_TOKEN;
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    let patientUntil = Number.POSITIVE_INFINITY;
    while (this.#playing || this.#labels.length > 0) {
      if (!this.#playing) patientUntil = Math.min(patientUntil, Date.now() + this.#settings.patienceMs);
      if (this.#stop.signal.aborted || Date.now() > patientUntil) return;
      const due = this.#labels.findIndex((label) => label.due > Date.now());
      const batch = this.#labels.slice(0, Math.min(LABEL_BATCH, due < 0 ? this.#labels.length : due));
      if (batch.length === 0 || !(await this.#postBatch(batch, headers))) await this.#pause(LABEL_POLL_MS);
    }
  }

  async #postBatch(batch: Label[], headers: Record<string, string>): Promise<boolean> {
    const body = JSON.stringify(batch.map(({ id, label }) => ({ model: this.#settings.model, id, label })));
    const response = await this.#fetch('/v2/feedback', { method: 'POST', headers, body }).catch(() => undefined);
    if (!response?.ok) {
      await response?.body?.cancel();
      return false;
    }
    const { accepted, unknown } = (await response.json()) as { accepted: number; unknown: number };
    this.summary.labelled += accepted;
    this.summary.labelsUnknown += unknown;
    this.#labels.splice(0, batch.length);
    return true;
  }

  /** The HTTP status, or 0 where there was no answer. */
  async #status(path: string, init: { body: string; headers: Record<string, string> }): Promise<number> {
    try {
      const response = await this.#fetch(path, { method: 'POST', ...init });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    return fetch(new URL(path, this.#settings.gateway), { ...init, signal });
  }

  #goesOn(until: number): boolean {
    return Date.now() < until && !this.#stop.signal.aborted;
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  #draw(below: number): number {
    return this.#random.below(below);
  }
}

const isTransient = (status: number) => status === 0 || status === 429 || status >= 500;

function declarationOf({ name, datatype, shape }: { name: string; datatype: string; shape: number[] }) {
  return {
    name,
    type: typeOf(datatype),
    shape: shape.map((dim) => (dim < 0 ? '?' : dim)),
  } satisfies TensorDeclaration;
}

const inputsOf = (dataset: Dataset, row: number) =>
  Object.entries(dataset.feeds(row)).map(([name, tensor]) => writeTensor(name, tensor));

/** Throws with what is wrong with the command line. */
function readSettings(args: string[]): Settings {
  const text = (fallback?: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({
    args,
    options: {
      gateway: text(),
      model: text(),
      data: text(),
      rate: text(),
      seconds: text(),
      requests: text('1000000'),
      concurrency: text('8'),
      users: text('500'),
      seed: text('1'),
      labels: text('1000000'),
      'label-delay-ms': text('1000'),
      'unit-header': text('x-stepdown-unit'),
      'patience-ms': text('30000'),
    },
  });
  const given = (name: keyof typeof values) => {
    const value = values[name];
    if (!value) throw new Error(`--${name} is required`);
    return value;
  };
  const number = (name: keyof typeof values, low: number) => {
    const value = Number(given(name));
    if (!(value >= low)) throw new Error(`--${name} must be a number from ${low}`);
    return value;
  };
  const gateway = new URL(given('gateway'));
  if (gateway.hostname !== '127.0.0.1')
    throw new Error('--gateway must be on 127.0.0.1: this is no load test of others');
  return {
    gateway,
    model: given('model'),
    data: given('data'),
    rate: values.rate === 'max' ? Number.POSITIVE_INFINITY : number('rate', 0.001),
    seconds: number('seconds', 0),
    requests: number('requests', 0),
    concurrency: number('concurrency', 1),
    users: number('users', 1),
    seed: number('seed', 0),
    labels: number('labels', 0),
    labelDelayMs: number('label-delay-ms', 0),
    unitHeader: given('unit-header'),
    patienceMs: number('patience-ms', 0),
  };
}

let settings: Settings;
try {
  settings = readSettings(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exit(2);
}
const player = new Player(settings);
process.on('SIGTERM', () => player.stop()).on('SIGINT', () => player.stop());
await player.play();
console.log(JSON.stringify(player.summary));

import { type ClientRequest, Agent as HttpAgent, request as http, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as https } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { jsonOf } from '../domain/json.ts';
import type { RemoteArm } from '../domain/traffic.ts';
import { ModelRunFailed, type RunResult, type TensorDeclaration, type TensorValue } from '../inference/host.ts';
import { binaryOf, datatypeOf, type JsonTensor, readBinary, typeOf, writeTensor } from '../inference/open-inference.ts';
import type { ArmHost } from './arm.ts';
import { messageOf, OutputInvalid, Refusal, RemoteFailed } from './errors.ts';
import { BINARY_EXTENSION, JSON_LENGTH_HEADER } from './protocol.ts';
import { readTensor } from './tensors.ts';

const CONCURRENCY = 16;
const CONNECT_TIMEOUT_MS = 5_000;
const HEALTH_EVERY_MS = 1_000;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface Metadata {
  inputs: { name: string; datatype: string; shape: number[] }[];
  outputs: Metadata['inputs'];
}

/** An arm that another server runs, by the Open Inference Protocol v2. It is lost when it is not ready. */
export async function connectRemote(remote: RemoteArm, signal: AbortSignal): Promise<ArmHost> {
  const client = new RemoteClient(remote);
  try {
    await client.requireReady(signal);
    const { extensions = [] } = await client.json<{ extensions?: string[] }>('/v2', signal);
    const { inputs, outputs } = await client.json<Metadata>(client.modelPath, signal);
    const isBinary = extensions.includes(BINARY_EXTENSION);
    return new RemoteHost(client, { inputs: inputs.map(declared), outputs: outputs.map(declared), isBinary });
  } catch (error) {
    client.close();
    throw error;
  }
}

const declared = ({ name, datatype, shape }: Metadata['inputs'][number]): TensorDeclaration => ({
  name,
  type: typeOf(datatype),
  shape: shape.map((dim) => (dim < 0 ? '?' : dim)),
});

class RemoteHost implements ArmHost {
  readonly pid = null;
  readonly concurrency = CONCURRENCY;
  readonly inputs: TensorDeclaration[];
  readonly outputs: TensorDeclaration[];
  readonly #client: RemoteClient;
  readonly #isBinary: boolean;
  readonly #health: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #lost: ((why: { why: string }) => void)[] = [];

  constructor(
    client: RemoteClient,
    { inputs, outputs, isBinary }: { inputs: TensorDeclaration[]; outputs: TensorDeclaration[]; isBinary: boolean }
  ) {
    this.#client = client;
    this.inputs = inputs;
    this.outputs = outputs;
    this.#isBinary = isBinary;
    const look = () => client.requireReady(this.#closing.signal).catch((error: unknown) => this.#end(messageOf(error)));
    this.#health = setInterval(look, HEALTH_EVERY_MS);
  }

  get alive(): boolean {
    return !this.#closing.signal.aborted;
  }

  onExit(listener: (exit: { why: string }) => void): void {
    this.#lost.push(listener);
  }

  async run(feeds: Record<string, TensorValue>, timeoutMs: number): Promise<RunResult> {
    const { headers, body } = this.#isBinary ? binaryRequest(feeds) : jsonRequest(feeds);
    const startedAt = performance.now();
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await this.#client
      .call(`${this.#client.modelPath}/infer`, signal, { headers, body })
      .catch((error) => {
        if (error instanceof RemoteFailed && !signal.aborted) this.#end(error.message);
        throw error;
      });
    if (answer.status === 429 || answer.status >= 500) throw new RemoteFailed(this.#client.said(answer));
    if (answer.status >= 400) throw new ModelRunFailed(this.#client.said(answer));
    return { outputs: readOutputs(answer), elapsedMs: performance.now() - startedAt };
  }

  async close(): Promise<void> {
    this.#lost = [];
    this.#end('closed');
  }

  #end(why: string): void {
    if (!this.alive) return;
    clearInterval(this.#health);
    this.#closing.abort(new RemoteFailed(why));
    this.#client.close();
    for (const listener of this.#lost) listener({ why });
  }
}

class RemoteClient {
  readonly modelPath: string;
  readonly #base: string;
  readonly #agent: HttpAgent;
  readonly #isTls: boolean;

  constructor({ url, model }: RemoteArm) {
    this.#base = url.replace(/\/$/, '');
    this.modelPath = `/v2/models/${encodeURIComponent(model)}`;
    this.#isTls = url.startsWith('https:');
    this.#agent = new (this.#isTls ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: CONCURRENCY + 1 });
  }

  async requireReady(signal: AbortSignal): Promise<void> {
    const answer = await this.call(`${this.modelPath}/ready`, within(CONNECT_TIMEOUT_MS, signal));
    if (answer.status === 404) throw new Refusal(422, `${this.#base} does not know the model: ${this.said(answer)}`);
    if (answer.status !== 200) throw new RemoteFailed(`${this.#base} is not ready: ${this.said(answer)}`);
  }

  async json<T>(path: string, signal: AbortSignal): Promise<T> {
    const answer = await this.call(path, within(CONNECT_TIMEOUT_MS, signal));
    if (answer.status !== 200) throw new RemoteFailed(this.said(answer));
    return JSON.parse(answer.body.toString()) as T;
  }

  /** Rejects with `RemoteFailed` where no whole answer came. */
  async call(
    path: string,
    signal: AbortSignal,
    post?: { headers: Record<string, string>; body: Buffer }
  ): Promise<Answer> {
    for (let isFirst = true; ; isFirst = false) {
      const { asked, answered } = this.#ask(path, signal, post);
      try {
        return await answered;
      } catch (error) {
        // Closed by the server while it lay idle: the request was never read.
        const wasStale = asked.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (!(wasStale && isFirst)) throw new RemoteFailed(`${this.#base} does not answer: ${messageOf(error)}`);
      }
    }
  }

  said({ status, body }: Answer): string {
    const text = body.toString();
    return `${status}: ${(jsonOf(text) as { error?: string } | null | undefined)?.error ?? text.slice(0, 300)}`;
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(path: string, signal: AbortSignal, post?: { headers: Record<string, string>; body: Buffer }) {
    const asked: ClientRequest = (this.#isTls ? https : http)(`${this.#base}${path}`, {
      method: post ? 'POST' : 'GET',
      agent: this.#agent,
      signal,
      headers: post && { ...post.headers, 'content-length': String(post.body.length) },
    });
    const answered = new Promise<Answer>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (response) => {
        const { statusCode, headers } = response;
        buffer(response).then((body) => resolve({ status: statusCode!, headers, body }), reject);
      });
      asked.end(post?.body);
    });
    return { asked, answered };
  }
}

const within = (ms: number, signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ms)]);

function jsonRequest(feeds: Record<string, TensorValue>) {
  const inputs = Object.entries(feeds).map(([name, value]) => writeTensor(name, value));
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ inputs })) };
}

function binaryRequest(feeds: Record<string, TensorValue>) {
  const tensors = Object.entries(feeds).map(([name, value]) => ({ name, value, bytes: binaryOf(value) }));
  const inputs = tensors.map(({ name, value: { dims: shape, type }, bytes }) => {
    return { name, shape, datatype: datatypeOf(type), parameters: { binary_data_size: bytes.length } };
  });
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  const headers = { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(json.length) };
  return { headers, body: Buffer.concat([json, ...tensors.map(({ bytes }) => bytes)]) };
}

function readOutputs({ headers, body }: Answer): RunResult['outputs'] {
  try {
    const jsonBytes = Number(headers[JSON_LENGTH_HEADER] ?? body.length);
    let at = jsonBytes;
    const { outputs } = JSON.parse(body.toString('utf8', 0, jsonBytes)) as { outputs: JsonTensor[] };
    const tensors = outputs.map(({ name, shape, datatype, parameters, data }): [string, TensorValue] => {
      const type = typeOf(datatype) as TensorValue['type'];
      const size = parameters?.binary_data_size;
      if (size === undefined) return [name, readTensor(name, type, shape, data)];
      const elements = shape.reduce((product, dim) => product * dim, 1);
      const bytes = body.subarray(at, at + size);
      at += size;
      return [name, { type, dims: shape, data: readBinary(type, elements, bytes) }];
    });
    return Object.fromEntries(tensors);
  } catch (error) {
    throw new OutputInvalid(`the remote's answer cannot be read: ${messageOf(error)}`);
  }
}

import { Agent, request } from 'node:http';
import { inferBody, MODEL } from '../../test/fixtures/gateway/gateway.ts';

const TOKENS = 16;

export interface Answered {
  status: number;
  id: string | undefined;
  arm: string | undefined;
  /** Whether the logits are those of the tokens that were sent. */
  isOwn: boolean;
  sentAt: number;
  ms: number;
}

/** One POST on a connection that is kept; status 0 where none came back. */
export function post(agent: Agent, url: URL, body: string | Buffer, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: Buffer }>((resolve) => {
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } });
    call.on('error', () => resolve({ status: 0, body: Buffer.alloc(0) }));
    call.on('response', async (response) => {
      const chunks = await response.toArray().catch(() => undefined);
      resolve({ status: chunks ? response.statusCode! : 0, body: Buffer.concat(chunks ?? []) });
    });
    call.end(body);
  });
}

/** A client that keeps its connections and knows which answer is right: token t votes for class t modulo 4. */
export class Client {
  readonly #agent: Agent;
  readonly #url: string;

  constructor(url: string, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#url = url;
  }

  async infer(index: number): Promise<Answered> {
    const token = index % TOKENS;
    const id = `request-${index}`;
    const sentAt = performance.now();
    const at = new URL(`/v2/models/${MODEL}/infer`, this.#url);
    const body = JSON.stringify(inferBody([[token]], id));
    const answer = await post(this.#agent, at, body, { 'x-stepdown-unit': `user-${index % 1_000}` });
    const ms = performance.now() - sentAt;
    if (answer.status !== 200)
      return { status: answer.status, id: undefined, arm: undefined, isOwn: false, sentAt, ms };
    const said = JSON.parse(answer.body.toString());
    const logits: number[] = said.outputs[0].data;
    const isOwn = said.id === id && logits.indexOf(Math.max(...logits)) === token % 4;
    return { status: 200, id: said.id, arm: said.parameters.arm, isOwn, sentAt, ms };
  }

  close(): void {
    this.#agent.destroy();
  }
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayProcess, MODEL, routeConfig, tokens } from '../fixtures/gateway/gateway.ts';

const { judge } = routeConfig('same');
const tolerant = { judge: { ...judge, errorBudget: 0.8 } };

let gateway: GatewayProcess;
let remote: GatewayProcess;

beforeEach(async () => {
  [gateway, remote] = await Promise.all([GatewayProcess.start(['--deadline-ms', '4000']), GatewayProcess.start()]);
  await remote.open(routeConfig('same', { shadowSample: 0 }));
});
afterEach(() => Promise.all([gateway.dispose(), remote.dispose()]));

const open = (arm: 'twin' | 'candidate', url = remote.url, model = MODEL) =>
  gateway.open(routeConfig('same', { ...tolerant, remotes: { [arm]: { url, model } } }));

/** Infers with so many tokens, several at a time. */
const infer = (requests: number) =>
  Promise.all(
    Array.from(
      { length: requests },
      async (_, index) => (await gateway.infer(tokens(index), { unit: `u${index}` })).body
    )
  );

/** A server that speaks JSON only: the remote without what it says of the binary extension. */
async function withoutBinary() {
  const asked: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/v2') return response.end(JSON.stringify({ name: 'json only', version: '1', extensions: [] }));
    asked.push(request.headers['inference-header-content-length'] as string | undefined);
    const body = request.method === 'POST' ? await buffer(request) : undefined;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${remote.url}${request.url}`, { method: request.method!, headers, body: body ?? null });
    return response.writeHead(answer.status, headers).end(await answer.text());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

describe('an arm on a server elsewhere', () => {
  it('answers as one of the gateway itself does', async () => {
    const { status, body } = await open('candidate');
    expect(body.error).toBeUndefined();
    expect(status).toBe(200);
    expect(body.arms!.candidate).toMatchObject({ state: 'ready', pid: null });
    const byTwin = await infer(20);
    await gateway.setWeight(10_000);
    const byCandidate = await infer(20);
    expect(byCandidate.map(({ outputs }) => outputs)).toEqual(byTwin.map(({ outputs }) => outputs));
    expect(byCandidate.every(({ parameters }) => parameters.arm === 'candidate')).toBe(true);
    const { counts } = await gateway.until((now) => now.counts.pairs === 40);
    expect(counts).toMatchObject({ disagreements: 0, candidateErrors: 0 });
  });

  it('is asked in JSON where it says nothing of raw tensors', async () => {
    const json = await withoutBinary();
    expect((await open('candidate', json.url)).status).toBe(200);
    await gateway.setWeight(10_000);
    const answers = await infer(4);
    expect(answers.every(({ parameters }) => parameters.arm === 'candidate')).toBe(true);
    expect(new Set(json.asked)).toEqual(new Set([undefined]));
    json.close();
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'fails over to the twin while it is gone by %s, and comes back',
    async (gone) => {
      await open('candidate');
      await gateway.setWeight(10_000);
      await infer(4);
      if (gone === 'SIGKILL') await remote.kill();
      else remote.process.kill(gone);
      const answers = await infer(8);
      expect(answers.map(({ parameters }) => parameters.arm)).toEqual(Array(8).fill('twin'));
      await gateway.until(({ arms }) => arms!.candidate.state === 'down');
      if (gone === 'SIGKILL') await remote.start();
      else remote.process.kill('SIGCONT');
      await gateway.until(({ arms }) => arms!.candidate.state === 'ready');
      expect((await infer(4)).every(({ parameters }) => parameters.arm === 'candidate')).toBe(true);
    }
  );

  it('makes requests wait for it, within their deadline, where it is the twin', async () => {
    await open('twin');
    await infer(4);
    await remote.kill();
    const waiting = infer(4);
    await gateway.until(({ arms }) => arms!.twin.state === 'down');
    expect((await gateway.call('GET', '/v2/health/ready')).status).toBe(503);
    await remote.start();
    expect((await waiting).map(({ parameters }) => parameters?.arm)).toEqual(Array(4).fill('twin'));
  });

  it('is refused where it is another model, unknown there, or not there', async () => {
    expect(await open('candidate', remote.url, 'other')).toMatchObject({
      status: 422,
      body: { error: expect.stringMatching(/candidate: .*does not know the model/) },
    });
    await remote.open(
      routeConfig('same', {
        model: 'inputs',
        twin: routeConfig('other-inputs').candidate,
        candidate: routeConfig('other-inputs').candidate,
      })
    );
    expect(await open('candidate', remote.url, 'inputs')).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('the arms take different inputs') },
    });
    await remote.kill();
    expect(await open('candidate')).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('does not answer') },
    });
    const { body } = await open('candidate', 'ftp://elsewhere');
    expect(body.error).toContain('remotes.candidate.url: must be the URL of a server');
  });
});

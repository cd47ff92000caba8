import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayProcess, MODEL, routeConfig, tokens } from '../fixtures/gateway/gateway.ts';

const PLAYER = fileURLToPath(new URL('../../bench/player.ts', import.meta.url));
const ROWS = fileURLToPath(new URL('../fixtures/rows.arrow', import.meta.url));

const { judge } = routeConfig('same');
/** Errors alone shall not trip a route whose candidate is killed on purpose. */
const tolerant = { judge: { ...judge, errorBudget: 0.8 } };
let gateway: GatewayProcess;

afterEach(() => gateway.dispose());

async function start(args: string[] = [], env: Record<string, string> = {}): Promise<GatewayProcess> {
  gateway = await GatewayProcess.start(args, env);
  return gateway;
}

/** Sends requests of many users until it is told to stop; the statuses of all answers, and who answered. */
function traffic(concurrency = 4) {
  const answers: { status: number; arm: string | undefined }[] = [];
  let playing = true;
  const client = async (number: number) => {
    for (let index = number; playing; index += concurrency) {
      const { status, body } = await gateway.infer(tokens(index), { unit: `user-${index % 200}` });
      answers.push({ status, arm: body.parameters?.arm });
    }
  };
  const done = Promise.all(Array.from({ length: concurrency }, (_, number) => client(number)));
  const stop = async () => {
    playing = false;
    await done;
    return answers;
  };
  return { answers, stop };
}

describe('a candidate that is bad', () => {
  it('trips the route when it always disagrees, and clients notice nothing', async () => {
    await start();
    await gateway.open(routeConfig('opposite'));
    await gateway.setWeight(5_000);
    const clients = traffic();
    const tripped = await gateway.until(({ trip }) => trip !== null);
    const before = clients.answers.length;
    await sleep(200);
    const answers = await clients.stop();
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    // What was under way at the moment of the reading may have been answered before the trip.
    expect(answers.slice(before + 4).every(({ arm }) => arm === 'twin')).toBe(true);
    expect(answers.length).toBeGreaterThan(before + 4);
    expect(tripped).toMatchObject({ weight: 0, trip: { by: 'gateway' }, judgement: { action: 'rollback' } });
    expect(tripped.trip!.reason).toContain('disagree in more than 3 %');
    expect((await gateway.setWeight(100)).status).toBe(409);
    expect((await gateway.status()).counts).toEqual(tripped.counts);
  });

  it('trips the route when labels prove it worse, without an alarm from disagreement', async () => {
    await start();
    await gateway.open(routeConfig('opposite', { judge: { ...judge, disagreementBudget: 0.9 } }));
    for (let index = 0; index < 30 && !(await gateway.status()).trip; index++) {
      const id = `request-${index}`;
      await gateway.infer([[index % 4]], { id });
      await gateway.until(({ counts, trip }) => counts.pairs === index + 1 || trip !== null);
      await gateway.feedback({ model: MODEL, id, label: index % 4 });
    }
    const { trip } = await gateway.status();
    expect(trip!.reason).toContain('accuracy fell by more than 0.75 points');
  });

  it.each(['refusing', 'undefined'] as const)(
    'answers from the twin what is %s on the candidate',
    async (candidate) => {
      await start();
      await gateway.open(routeConfig(candidate));
      await gateway.setWeight(10_000);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => gateway.infer([[9]], { unit: `user-${index}` }))
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(answers.map(({ body }) => body.parameters.arm)).toEqual(Array(8).fill('twin'));
      const { served, counts, trip } = await gateway.status();
      expect(counts.candidateErrors).toBeGreaterThanOrEqual(2);
      expect(served.replayed).toBeGreaterThanOrEqual(counts.candidateErrors);
      expect(trip!.reason).toContain('the candidate fails in more than 10 %');
    }
  );
});

describe('a host that dies', () => {
  it('loses no client request when the candidate is killed again and again', async () => {
    await start();
    await gateway.open(routeConfig('same', tolerant));
    await gateway.setWeight(5_000);
    const clients = traffic();
    for (let kill = 0; kill < 3; kill++) {
      const { arms } = await gateway.until(({ served }) => served.candidate > 150 * (kill + 1));
      process.kill(arms!.candidate.pid!, 'SIGKILL');
      await gateway.until((status) => status.arms!.candidate.restarts > kill);
    }
    await gateway.until((status) => status.arms!.candidate.state === 'ready');
    const answers = await clients.stop();
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const { served, stageServed, counts, trip, times } = await gateway.status();
    expect(trip).toBeNull();
    expect(served.replayed).toBeGreaterThan(0);
    expect(times!.candidate!.n).toBe(stageServed.candidate + stageServed.replayed); // who was replayed waited for it
    expect(counts.candidateErrors).toBeGreaterThan(0);
  });

  it('loses no client request when the twin is killed', async () => {
    await start();
    await gateway.open(routeConfig('same'));
    const clients = traffic();
    const { arms } = await gateway.status();
    process.kill(arms!.twin.pid!, 'SIGKILL');
    await gateway.until((status) => status.arms!.twin.restarts === 1 && status.arms!.twin.state === 'ready');
    const answers = await clients.stop();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('answers from the twin in time when the candidate hangs, and replaces its host', async () => {
    await start(['--deadline-ms', '1000']);
    const { body } = await gateway.open(routeConfig('same', { ...tolerant, shadowSample: 0 }));
    await gateway.setWeight(10_000);
    process.kill(body.arms!.candidate.pid!, 'SIGSTOP');
    const { status, body: answer } = await gateway.infer([[1]]);
    expect(status).toBe(200);
    expect(answer.parameters.arm).toBe('twin');
    const after = await gateway.until((route) => route.arms!.candidate.restarts === 1);
    expect(after.counts).toMatchObject({ candidateRequests: 1, candidateErrors: 1 });
  });

  it('tells the client when the twin hangs', async () => {
    await start(['--deadline-ms', '300']);
    const { body } = await gateway.open(routeConfig('same'));
    process.kill(body.arms!.twin.pid!, 'SIGSTOP');
    expect((await gateway.infer([[1]])).status).toBe(504);
  });
});

describe('too much at once', () => {
  it('refuses what is above its limit with 429, and asks to come back', async () => {
    await start(['--max-in-flight', '1']);
    const { body } = await gateway.open(routeConfig('same'));
    process.kill(body.arms!.twin.pid!, 'SIGSTOP');
    const first = gateway.infer([[1]]);
    await sleep(50);
    const second = await gateway.infer([[1]]);
    process.kill(body.arms!.twin.pid!, 'SIGCONT');
    expect(second.status).toBe(429);
    expect(second.headers.get('retry-after')).toBe('1');
    expect((await first).status).toBe(200);
  });

  it('tells a client that is too slow, and serves the others meanwhile', async () => {
    await start(['--read-timeout-ms', '300']);
    await gateway.open(routeConfig('same'));
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').setEncoding('utf8');
    socket.write(`POST /v2/models/${MODEL}/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
    expect((await gateway.infer([[1]])).status).toBe(200);
    const text = (await socket.toArray()).join('');
    expect(text).toMatch(/^HTTP\/1.1 408 .*"error":"the request did not arrive in time"/s);
  });

  it('refuses bodies above its limit of bytes before it reads them', async () => {
    await start();
    await gateway.open(routeConfig('same'));
    const sockets = Array.from({ length: 17 }, () => connect(Number(new URL(gateway.url).port), '127.0.0.1'));
    for (const socket of sockets)
      socket.write(`POST /v2/models/${MODEL}/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${4 << 20}\r\n\r\n`);
    const [first] = await Promise.race(sockets.map((socket) => once(socket, 'data')));
    expect(String(first)).toMatch(/^HTTP\/1.1 429 .*retry-after: 1/s);
    for (const socket of sockets) socket.destroy();
  });

  it('gives up comparisons first, counts them, and answers every client', async () => {
    await start(['--shadow-queue', '2']);
    const { body } = await gateway.open(routeConfig('same'));
    process.kill(body.arms!.candidate.pid!, 'SIGSTOP');
    for (let index = 0; index < 10; index++) expect((await gateway.infer(tokens(index))).status).toBe(200);
    process.kill(body.arms!.candidate.pid!, 'SIGCONT');
    expect(await gateway.until(({ counts }) => counts.pairs === 2)).toMatchObject({ shadowShed: 8 });
  });
});

describe('a gateway that is killed', () => {
  it('keeps weight, stage, counts and labels, and counts nothing twice', async () => {
    await start();
    const { body: opened } = await gateway.open(routeConfig('same'));
    await gateway.setWeight(2_500, '25%');
    for (let index = 0; index < 40; index++) await gateway.infer(tokens(index), { id: `request-${index}` });
    await gateway.until(({ counts }) => counts.pairs === 40);
    const label = () => gateway.feedback([0, 1, 2].map((n) => ({ model: MODEL, id: `request-${n}`, label: n })));
    expect((await label()).body.accepted).toBe(3);
    const before = await gateway.status();
    await gateway.kill();
    await gateway.start();
    const after = await gateway.status();
    expect(after).toMatchObject({ weight: 2_500, stage: '25%', configSha256: opened.configSha256 });
    expect([after.counts, after.stageCounts, after.served]).toEqual([before.counts, before.stageCounts, before.served]);
    expect((await label()).body).toEqual({ accepted: 0, duplicate: 3, unknown: 0 });
    await gateway.infer(tokens(0), { id: 'request-0' });
    expect((await gateway.status()).counts).toMatchObject({ pairs: 40, zero: 3 });
  });

  it('stays tripped, and opens the same rollout tripped again', async () => {
    await start();
    const config = routeConfig('opposite');
    await gateway.open(config);
    for (let index = 0; index < 6; index++) await gateway.infer(tokens(index));
    const { trip } = await gateway.until((status) => status.trip !== null);
    await gateway.kill();
    await gateway.start();
    expect(await gateway.status()).toMatchObject({ weight: 0, trip });
    expect((await gateway.open(config)).body).toMatchObject({ weight: 0, trip });
    expect((await gateway.infer([[1]])).body.parameters.arm).toBe('twin');
  });

  it('keeps a trip from the very moment that it is read', async () => {
    await start();
    await gateway.open(routeConfig('opposite'));
    await Promise.all(Array.from({ length: 6 }, (_, index) => gateway.infer(tokens(index))));
    await gateway.until((status) => status.trip !== null);
    await gateway.kill();
    await gateway.start();
    expect((await gateway.status()).trip).not.toBeNull();
  });

  it('leaves no host behind', async () => {
    await start();
    const { body } = await gateway.open(routeConfig('same'));
    const pids = [body.arms!.twin.pid!, body.arms!.candidate.pid!];
    await gateway.kill();
    while (pids.some(isAlive)) await sleep(10);
  });

  it('does not share its state file', async () => {
    await start();
    const state = ['--state', `${gateway.folder}/gateway.db`];
    await expect(GatewayProcess.start(state)).rejects.toThrow(/cannot open the gateway's state file .*locked/);
  });
});

describe('a gateway that is told to stop', () => {
  it('answers what is under way, ends its hosts, and exits with 0', async () => {
    await start();
    const { body } = await gateway.open(routeConfig('same'));
    const { twin, candidate } = body.arms!;
    process.kill(twin.pid!, 'SIGSTOP');
    const underWay = gateway.infer([[1]]);
    await sleep(50);
    const exit = gateway.kill('SIGTERM');
    await sleep(50);
    process.kill(twin.pid!, 'SIGCONT');
    expect((await underWay).status).toBe(200);
    expect(await exit).toBe(0);
    expect([twin.pid!, candidate.pid!].filter(isAlive)).toEqual([]);
  });

  it('says what is wrong with its command line, and exits with 2', async () => {
    await start();
    await expect(GatewayProcess.start(['--deadline-ms', 'soon'])).rejects.toThrow(
      /exited with 2.*--deadline-ms must be/s
    );
  });
});

describe('a token', () => {
  it('guards the control plane and feedback, and nothing else', async () => {
    const token = 'a-long-enough-token';
    await start([], { STEPDOWN_GATEWAY_TOKEN: token });
    const authorization = { authorization: `Bearer ${token}` };
    expect((await gateway.call('GET', '/control/models')).status).toBe(401);
    expect((await gateway.call('GET', '/control/models', undefined, { authorization: 'Bearer no' })).status).toBe(401);
    expect((await gateway.call('GET', '/%63ontrol/models')).status).toBe(401);
    expect((await gateway.call('DELETE', `/contro%6c/models/${MODEL}`)).status).toBe(401);
    expect((await gateway.call('GET', '/control/models', undefined, authorization)).status).toBe(200);
    expect((await gateway.feedback([])).status).toBe(401);
    expect((await gateway.call('POST', '/v2/feedback', [], authorization)).status).toBe(200);
    expect((await gateway.call('GET', '/v2/health/ready')).status).toBe(200);
  });
});

describe('the player', () => {
  it('plays on through a kill of the gateway, and posts every label', async () => {
    await start();
    await gateway.open(routeConfig('same'));
    const player = play('--rate', 'max', '--seconds', '60', '--requests', '400', '--label-delay-ms', '50');
    await gateway.until(({ counts }) => counts.pairs > 50);
    await gateway.kill();
    await gateway.start();
    const { code, summary } = await player;
    expect(code).toBe(0);
    expect(summary).toMatchObject({ sent: 400, ok: 400, failed: 0 });
    expect(summary.retried).toBeGreaterThan(0);
    expect(summary.labelled + summary.labelsUnknown).toBeLessThanOrEqual(400);
    const { counts } = await gateway.status();
    expect(counts.zero + counts.plus + counts.minus).toBeGreaterThan(300);
    expect(counts.pairs).toBeLessThanOrEqual(400);
  });

  it('plays against this machine only', async () => {
    await start();
    const { code } = await play('--gateway', 'http://192.0.2.1:80', '--rate', '1', '--seconds', '1');
    expect(code).toBe(2);
  });
});

interface Summary {
  retried: number;
  labelled: number;
  labelsUnknown: number;
}

async function play(...args: string[]): Promise<{ code: number; summary: Summary }> {
  const all = [PLAYER, '--gateway', gateway.url, '--model', MODEL, '--data', ROWS, ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, summary: JSON.parse(text || '{}') };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

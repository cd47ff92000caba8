import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../../bench/rollout/traffic.ts';
import { assignedToCandidate, bucketOf } from '../../src/domain/assignment.ts';
import { GatewayProcess, inferBody, MODEL, routeConfig } from '../fixtures/gateway/gateway.ts';
import { HaproxyProcess, haproxyMissing } from '../fixtures/haproxy/haproxy.ts';

/** What a header may hold: lists, long ones, bytes that are no ASCII. */
const UNITS = Array.from(
  { length: 300 },
  (_, index) =>
    [`user-${index}`, `${index},a`, 'u'.repeat(index + 1), Buffer.from(`Zoë ${index} 漢`).toString('latin1')][
      index % 4
    ]!
);

if (haproxyMissing) console.warn(`HAProxy's tests are skipped: ${haproxyMissing}`);

describe.skipIf(haproxyMissing)(`HAProxy in front of the arms${haproxyMissing ? ` (${haproxyMissing})` : ''}`, () => {
  let twin: GatewayProcess;
  let candidate: GatewayProcess;
  let haproxy: HaproxyProcess;
  const agent = new Agent({ keepAlive: true });

  /** The twin's units do not pass the gateway: that is no fault of the split. */
  const guardrails = { slowMargin: 0.02, wrongRate: 0.1, twinDropMargin: 0.015 };
  const judge = { ...routeConfig('same').judge, guardrails };

  beforeEach(async () => {
    // The twin's servers stand for themselves; the candidate's backend is the gateway, which judges.
    [twin, candidate] = await Promise.all([GatewayProcess.start(), GatewayProcess.start()]);
    await twin.open(routeConfig('same', { shadowSample: 0 }));
    haproxy = await HaproxyProcess.start({ twin: twin.url, candidate: candidate.url });
    const { status, body } = await candidate.open(routeConfig('same', { router: haproxy.router, judge }));
    expect(body.error).toBeUndefined();
    expect(status).toBe(200);
  });
  afterEach(async () => {
    await haproxy.dispose();
    await Promise.all([twin.dispose(), candidate.dispose()]);
  });

  /** Whether the candidate's backend answered each unit, and its bucket as the gateway sees it. */
  async function asked(units: (string | undefined)[]) {
    const before = (await candidate.status()).served;
    const answers = [];
    for (const unit of units) {
      const headers: Record<string, string> = unit === undefined ? {} : { 'x-stepdown-unit': unit };
      const at = new URL(`/v2/models/${MODEL}/infer`, haproxy.url);
      // A buffer: with a text, Node would write the header too as UTF-8.
      const { status, body } = await post(agent, at, Buffer.from(JSON.stringify(inferBody([[1]]))), headers);
      expect(status).toBe(200);
      answers.push(JSON.parse(body.toString()).parameters as { arm: string; bucket: number });
    }
    const after = (await candidate.status()).served;
    return { answers, byTwin: after.twin - before.twin, byCandidate: after.candidate - before.candidate };
  }

  it('assigns every unit as the gateway does, at every weight', async () => {
    for (const weight of [100, 2_500, 5_000, 10_000]) {
      const { status, body } = await candidate.setWeight(weight);
      expect(body.error).toBeUndefined();
      expect(status).toBe(200);
      expect(body.router).toEqual({ kind: 'haproxy', weight, lastError: null, confirmedAt: expect.any(String) });
      const { answers, byTwin } = await asked(UNITS);
      const buckets = UNITS.map((unit) => bucketOf(Buffer.from(unit, 'latin1'), 42));
      expect(answers.map(({ bucket }) => bucket)).toEqual(buckets);
      expect(answers.map(({ arm }) => arm === 'candidate')).toEqual(
        buckets.map((bucket) => assignedToCandidate(bucket, weight))
      );
      expect(byTwin).toBe(0); // HAProxy sent nobody to the gateway whom the gateway gives to the twin
    }
    const nameless = await asked([undefined, '', undefined]);
    expect(nameless.byCandidate).toBe(3);
  });

  it('is emptied by a trip, servers in maintenance, and ready again for the next rollout', async () => {
    await candidate.setWeight(10_000);
    expect((await asked(['a', 'b'])).byCandidate).toBe(2);
    const { body } = await candidate.call('POST', `/control/models/${MODEL}/trip`, { reason: 'a test', by: 'test' });
    expect(body).toMatchObject({ weight: 0, router: { weight: 0, lastError: null } });
    expect(await asked(['a', 'b'])).toMatchObject({ byTwin: 0, byCandidate: 0 });
    await candidate.open(routeConfig('same', { rollout: 'rollout/next', router: haproxy.router }));
    await candidate.setWeight(10_000);
    expect((await asked(['a', 'b'])).byCandidate).toBe(2);
  });

  it('is emptied by the gateway itself where harm is proven, and clients notice nothing', async () => {
    await candidate.open(routeConfig('opposite', { router: haproxy.router }));
    await candidate.setWeight(5_000);
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    while (!(await candidate.status()).trip) await asked(users);
    const { router } = await candidate.until((now) => now.router?.weight === 0);
    expect(router!.lastError).toBeNull();
    expect(await asked(users)).toMatchObject({ byTwin: 0, byCandidate: 0 });
  });

  it('keeps weight and maintenance over a restart, and is put right where it lost them', async () => {
    await candidate.setWeight(10_000);
    await candidate.kill();
    await haproxy.kill();
    await haproxy.start();
    expect(await haproxy.ask(`show map ${haproxy.router.map}`)).toContain(' topics 10000\n'); // from its file: no gateway is there yet
    await candidate.start();
    await candidate.until(({ router }) => router?.weight === 10_000);
    expect((await asked(['a'])).byCandidate).toBe(1);
    await candidate.call('POST', `/control/models/${MODEL}/trip`, { reason: 'a test', by: 'test' });
    await haproxy.kill();
    await candidate.until(({ router }) => /does not answer/.test(router?.lastError ?? ''));
    await haproxy.start();
    await candidate.until(({ router }) => router?.weight === 0 && router.lastError === null);
    expect(await asked(['a'])).toMatchObject({ byTwin: 0, byCandidate: 0 });
  });

  it('is refused by field or in its own words where it is not what the configuration says', async () => {
    const other = (changes: object) =>
      candidate.open(
        routeConfig('same', { rollout: 'rollout/other', router: { ...haproxy.router, ...changes } as never })
      );
    expect(await other({ kind: 'nginx' })).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining('router') },
    });
    expect((await other({ map: 'a b' })).body.error).toContain('router.map');
    expect(await other({ backend: 'nobody' })).toMatchObject({
      status: 422,
      body: { error: expect.stringContaining("no backend 'nobody'") },
    });
    expect((await candidate.status()).rollout).toBe('rollout/same'); // the one before goes on
  });
});

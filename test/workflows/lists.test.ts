import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import { listEngagements, openGates } from '../../src/cli/lists.ts';
import { needSearchAttributes } from '../../src/cli/search-attributes.ts';
import type { GateStatus } from '../../src/domain/decision.ts';
import { engagementId, gateId } from '../../src/domain/ids.ts';
import type { Saving } from '../../src/domain/listed.ts';
import type { Changes, Portfolio } from '../../src/server/portfolio.ts';
import { engagement } from '../../src/workflows/engagement.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { economics } from '../domain/closing-document.ts';
import { type Api, startApi } from './api.ts';
import { APPROVER, fakeActivities, SECOND, spec } from './fakes.ts';
import { eventually, namespace, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {} };
const SAVING: Saving = { p10: 10, p50: 20, p90: 30 };

const lineOf = async (client: Client, name: string) =>
  (await listEngagements(client)).find((line) => line.engagement === name);
const gateOf = async (client: Client, name: string) =>
  (await openGates(client)).find((gate) => gate.engagement === name);
const until = <T>(look: () => Promise<T | undefined>, holds: (found: T) => boolean) =>
  eventually(async () => {
    const found = await look();
    return found !== undefined && holds(found) ? found : undefined;
  });
const decide = (client: Client, name: string, gate: string, by = APPROVER) =>
  client.workflow
    .getHandle(gateId(name, gate, 1))
    .executeUpdate(decideUpdate, { args: [{ gate, outcome: 'approved', by }] });

describe('lists', () => {
  it('say of a gate all that a person needs, without a worker', async () => {
    const name = uniqueName();
    await withWorker({}, async (client) => {
      await kickOff(client, spec(name), { ...sources, economics: economics() }, 'test');
      await eventually(() => gateOf(client, name));
    });
    const connection = await Connection.connect({ address: inject('temporal') });
    const client = new Client({ connection, namespace: namespace() });
    expect(await lineOf(client, name)).toMatchObject({
      client: 'Acme',
      phase: 'baseline',
      awaitingGate: 'baseline',
      verdict: 'successful',
      saving: 'not measured yet',
      status: 'running',
    });
    const gate = await gateOf(client, name);
    expect(gate).toMatchObject({ gate: 'baseline', summary: 'figures', verdict: 'successful', remindersSent: 0 });
    expect(gate!.approvers.map(({ email }) => email)).toEqual([APPROVER, SECOND]);
    expect(Date.parse(gate!.dueAt)).toBeGreaterThan(Date.parse(gate!.openedAt));
    await client.workflow.getHandle(engagementId(name)).terminate();
    await client.workflow.getHandle(gateId(name, 'baseline', 1)).terminate();
    await connection.close();
  });

  it('say who has decided first, and know a decided gate as such before its mail has left', async () => {
    const sent = new AbortController();
    const notify = () =>
      new Promise<never>((_, reject) => sent.signal.addEventListener('abort', () => reject(new Error('no mail'))));
    await withWorker({ notify }, async (client) => {
      const name = uniqueName();
      const approvers = [APPROVER, SECOND].map((email) => ({ name: email, email }));
      await kickOff(client, spec(name, { gates: { approvers, fourEyes: ['baseline'] } }), sources, 'test');
      await eventually(() => gateOf(client, name));
      await decide(client, name, 'baseline');
      const { first } = await until(
        () => gateOf(client, name),
        (gate) => gate.first !== undefined
      );
      expect(first).toMatchObject({ by: APPROVER, outcome: 'approved' });
      await decide(client, name, 'baseline', SECOND);
      await eventually(async () => ((await gateOf(client, name)) ? undefined : true), 'the end of the gate');
      const { status } = await client.workflow.getHandle(gateId(name, 'baseline', 1)).describe();
      expect(status.name).toBe('RUNNING');
      sent.abort();
      await client.workflow.getHandle(engagementId(name)).terminate();
    });
  });

  it('say what is saved once both rates are measured, and have one line where an engagement continued as new', async () => {
    const judgeOptimization = async () => ({ ...(await fakeActivities().judgeOptimization()), saving: SAVING });
    await withWorker({ judgeOptimization }, async (client) => {
      const name = uniqueName();
      await client.workflow.start(engagement, {
        workflowId: engagementId(name),
        taskQueue: 'engagement',
        memo: { saving: 'not measured yet' },
        args: [{ spec: spec(name), sources, startedBy: 'test', startedAt: 'now', historyLimit: 20 }],
      });
      for (const gate of ['baseline', 'ptq', 'optimization']) {
        const open = () => statusOf(client, name).then((status) => status.gate);
        await until(open, (found: GateStatus) => found.gate === gate);
        await decide(client, name, gate);
      }
      const mine = async () => (await listEngagements(client)).filter((line) => line.engagement.endsWith(name));
      const [line, ...others] = await until(mine, ([line]) => line?.phase === 'rollout');
      expect([line!.saving, others]).toEqual([SAVING, []]);
      const { historyLength } = await client.workflow.getHandle(engagementId(name)).describe();
      expect(historyLength).toBeLessThan(60); // it did continue as new
      await client.workflow.getHandle(engagementId(name)).terminate();
    });
  });

  it('ask gates that were opened before lists knew of them', async () => {
    const address = inject('temporal');
    const [native, connection] = await Promise.all([
      NativeConnection.connect({ address }),
      Connection.connect({ address }),
    ]);
    const client = new Client({ connection, namespace: namespace() });
    const name = uniqueName();
    const worker = await Worker.create({
      connection: native,
      namespace: namespace(),
      taskQueue: name,
      workflowsPath: fileURLToPath(new URL('../fixtures/older-approval.ts', import.meta.url)),
    });
    await worker.runUntil(async () => {
      const gate = { engagement: name, gate: 'ptq', approvers: [{ name: 'Ana', email: APPROVER }] };
      const handle = await client.workflow.start('approval', { workflowId: name, taskQueue: name, args: [gate] });
      expect(await eventually(() => gateOf(client, name))).toMatchObject(gate);
      const api = await startApi();
      const seen = async () => (await api.as(['viewer'])('GET', '/api/gates')).json().gates as GateStatus[];
      await until(seen, (gates) => gates.some(({ engagement }) => engagement === name));
      await handle.terminate();
      await until(seen, (gates) => !gates.some(({ engagement }) => engagement === name));
      await api.close();
    });
    await Promise.all([native.close(), connection.close()]);
  });

  it('need search attributes that a namespace may lack, and say how to register them', async () => {
    const connection = await Connection.connect({ address: inject('temporal') });
    const bare = uniqueName();
    const seconds = { seconds: 86_400 as never };
    await connection.workflowService.registerNamespace({ namespace: bare, workflowExecutionRetentionPeriod: seconds });
    const refusal = await eventually(() =>
      needSearchAttributes(connection.workflowService, bare, 0).then(
        () => undefined,
        (error) => (error.next ? error : undefined)
      )
    );
    expect(refusal.message).toContain(`'${bare}' has no search attribute Engagement`);
    expect(refusal.next).toContain(`--namespace ${bare} --name ChangedAt --type Datetime`);
    await needSearchAttributes(connection.workflowService, namespace(), 0);
    await connection.close();
  });
});

describe('the portfolio as it changes', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it('sends everything once, then lines that changed, and goes on after the last event that a reader had', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await kickOff(client, spec(name), sources, 'test');
      const { evidenceSha256 } = await eventually(() => gateOf(client, name));
      const events = await api.events('/api/events');
      const first = await events.next();
      expect(first.event).toBe('portfolio');
      const isOf = <L extends { engagement: string }>(lines: L[]) => lines.filter((line) => line.engagement === name);
      const { engagements, gates } = first.data as Portfolio;
      expect([isOf(engagements)[0]!.awaitingGate, isOf(gates)[0]!.gate]).toEqual(['baseline', 'baseline']);
      expect(isOf(gates)[0]).not.toHaveProperty('summary');
      const body = { outcome: 'approved', evidenceSha256 };
      const url = `/api/engagements/${name}/gates/baseline/decision`;
      expect((await api.as(['approver'], APPROVER)('POST', url, body)).statusCode).toBe(200);
      const { gates: open } = (await api.as(['viewer'])('GET', '/api/gates')).json() as { gates: GateStatus[] };
      expect(isOf(open).filter(({ gate }) => gate === 'baseline')).toEqual([]);
      const next = await events.next();
      const changes = next.data as Changes;
      expect([next.event, changes.gone.gates]).toEqual(['changes', [gateId(name, 'baseline', 1)]]);
      expect(isOf(changes.engagements)[0]!.awaitingGate).toBeNull();
      expect(changes.engagements.length).toBeLessThan(engagements.length || 2);
      let phase = '';
      while (phase !== 'ptq') phase = isOf(((await events.next()).data as Changes).engagements)[0]?.phase ?? phase;
      events.close();

      const resumed = await api.events('/api/events', first.id);
      const again = await resumed.next();
      resumed.close();
      expect([again.event, (again.data as Changes).gone.gates]).toEqual(['changes', [gateId(name, 'baseline', 1)]]);
      expect(isOf((again.data as Changes).engagements)[0]!.phase).toBe('ptq');
      const stranger = await api.events('/api/events', 'other.7');
      expect((await stranger.next()).event).toBe('portfolio');
      stranger.close();
      await client.workflow.getHandle(engagementId(name)).terminate();
    });
  });

  it('is packed for those who take it, and not sent again to those who have it', async () => {
    const viewer = api.as(['viewer']);
    const names = Array.from({ length: 10 }, uniqueName);
    for (const name of names) await kickOff(api.client, spec(name), sources, 'test');
    const ask = (headers = {}) => viewer('GET', '/api/engagements', undefined, headers);
    const bare = await until(ask, ({ body }) => names.every((name) => body.includes(name)));
    const packed = await ask({ 'accept-encoding': 'gzip' });
    expect([bare.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([undefined, 'gzip']);
    expect(packed.rawPayload.byteLength).toBeLessThan(bare.rawPayload.byteLength / 2);
    const known = await ask({ 'if-none-match': String((await ask()).headers.etag) });
    expect([known.statusCode, known.body]).toEqual([304, '']);
    for (const name of names) await api.client.workflow.getHandle(engagementId(name)).terminate();
  });
});

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, expect, it } from 'vitest';
import { createTrafficActivities } from '../../src/activities/traffic.ts';
import type { RouterStatus, TakenOut } from '../../src/domain/traffic.ts';

const TRIPPED_AT = '2026-01-01T00:00:00.000Z';
let server: Server;

afterEach(() => server.close());

/** A gateway that is asked to trip and tells a weight and, look by look, how many requests the candidate answered. */
async function gatewayThatTells(weight: number, candidate: (look: number) => number, router?: RouterStatus) {
  let looks = 0;
  server = createServer((request, response) => {
    const served = { twin: 0, candidate: candidate(looks), replayed: 0 };
    const route = { model: 'm', weight, served, trip: { at: TRIPPED_AT }, judgement: { evidence: [] }, router };
    if (request.method === 'GET' && request.url !== '/control/models') looks++;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/control/models' ? [route] : route));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { returnToTwin } = createTrafficActivities({ gateway: () => url, journalOf: () => expect.fail('not used') });
  const back = (): Promise<TakenOut> =>
    new MockActivityEnvironment().run(returnToTwin as never, { model: 'm', reason: 'a test' });
  return { back, looks: () => looks };
}

async function askedAt(answer: (response: ServerResponse) => void) {
  server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { readRoute } = createTrafficActivities({ gateway, journalOf: () => expect.fail('not used') });
  const environment = new MockActivityEnvironment();
  return { environment, answer: environment.run(readRoute as never, { model: 'm' }) };
}

it('says that a page is no gateway', async () => {
  const { answer } = await askedAt((response) => void response.writeHead(502).end('<html>Bad gateway</html>'));
  await expect(answer).rejects.toThrow(/no gateway \(502 to GET .*check STEPDOWN_GATEWAY/);
});

it('leaves no request behind when the attempt ends before the answer', async () => {
  const closed = Promise.withResolvers<void>();
  const { environment, answer } = await askedAt((response) => {
    response.once('close', closed.resolve);
    environment.cancel('CANCELLED');
  });
  await expect(answer).rejects.toThrow();
  await closed.promise;
});

it("is back only once the candidate's counter has stopped, after what was under way", async () => {
  const { back, looks } = await gatewayThatTells(0, (look) => Math.min(look, 3));
  const { readAt, ...found } = await back();
  expect(found).toEqual({ weight: 0, trippedAt: TRIPPED_AT, zeroAt: TRIPPED_AT, evidence: [] });
  expect(Date.parse(readAt!)).toBeGreaterThan(Date.parse(TRIPPED_AT));
  expect(looks()).toBe(5);
});

it('tells when the router in front was read back at 0, which an older gateway does not know', async () => {
  const confirmedAt = '2026-01-01T00:00:00.400Z';
  const router = { kind: 'haproxy', weight: 0, lastError: null } as const;
  expect((await (await gatewayThatTells(0, () => 0, { ...router, confirmedAt })).back()).zeroAt).toBe(confirmedAt);
  server.close();
  const { zeroAt, readAt } = await (await gatewayThatTells(0, () => 0, router)).back();
  expect(zeroAt).toBe(readAt);
});

it('is not back while the weight reads other than 0', async () => {
  const { back } = await gatewayThatTells(100, () => 0);
  await expect(back()).rejects.toThrow('still sends 100 basis points');
});

it('is not back while the candidate goes on answering, whatever the weight reads', async () => {
  const { back } = await gatewayThatTells(0, (look) => look);
  await expect(back()).rejects.toThrow('still answers clients 10 s after the trip');
}, 20_000);

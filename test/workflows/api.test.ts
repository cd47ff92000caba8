import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { defineSearchAttributeKey } from '@temporalio/common';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import type { GateStatus } from '../../src/domain/decision.ts';
import type { Incident } from '../../src/domain/support.ts';
import type { Role } from '../../src/server/people.ts';
import type { Portfolio } from '../../src/server/portfolio.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { type Api, startApi } from './api.ts';
import { APPROVER, look, SECOND, spec, specDocument } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {} };
const SHA = 'a'.repeat(64);
let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** The cookie and the CSRF token of somebody who followed a sign-in link. */
async function signIn(roles: Role[], email = 'ana@example.org') {
  const code = api.access.issueCode({ email, roles, isOwner: false });
  const form = { payload: `code=${code}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  const opened = await api.app.inject({ method: 'GET', url: `/sign-in?code=${code}` });
  const answered = await api.app.inject({ method: 'POST', url: '/sign-in', ...form });
  const again = await api.app.inject({ method: 'POST', url: '/sign-in', ...form });
  const cookie = String(answered.headers['set-cookie']);
  return { opened, answered, again, cookie };
}

describe('signing in', () => {
  it('works once, by a button and not by opening the link, with a cookie that scripts cannot read', async () => {
    const { opened, answered, again, cookie } = await signIn(['viewer']);
    expect([opened.statusCode, opened.headers['set-cookie']]).toEqual([200, undefined]);
    expect([answered.statusCode, again.statusCode]).toEqual([303, 401]);
    expect(again.headers['content-type']).toContain('text/html');
    expect(again.body).toContain('was used before or is older than 15 minutes');
    const late = await api.app.inject({ url: `/sign-in?code=${'x'.repeat(43)}` });
    expect([late.statusCode, late.body.includes('access link')]).toEqual([401, true]);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
  });

  it('keeps no secret in the file, which its owner alone can read', async () => {
    const token = api.access.issueToken('secret@example.org', ['viewer']);
    const path = join(api.config.home, 'access.db');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes(token)).toBe(false);
    api.access.dismiss('secret@example.org');
    const after = await api.app.inject({ url: '/api/gates', headers: { authorization: `Bearer ${token}` } });
    expect([after.statusCode, after.body.includes(token)]).toEqual([401, false]);
  });
});

describe('an OpenID Connect provider', () => {
  it('signs people in by its keys, and nobody else’s', async () => {
    const [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k', alg: 'ES256' };
    const server = createHttpServer((request, response) => {
      const issuer = `http://${request.headers.host}`;
      const isDiscovery = request.url!.startsWith('/.well-known');
      response.end(JSON.stringify(isDiscovery ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const other = await startApi({ oidc: { issuer, name: 'Acme', audience: 'stepdown', rolesClaim: 'roles' } });
    const token = (key: typeof own.privateKey, claims: object = {}, audience = 'stepdown', expires = '1 minute') =>
      new SignJWT({ email: 'ana@example.org', roles: ['approver', 'king'], ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime(expires)
        .sign(key);
    const ask = async (given: string) =>
      other.app.inject({ url: '/api/session', headers: { authorization: `Bearer ${given}` } });
    const known = await ask(await token(own.privateKey));
    expect(known.json()).toMatchObject({ email: 'ana@example.org', roles: ['approver'], isOwner: false });
    const refused = await Promise.all([
      token(foreign.privateKey),
      token(own.privateKey, {}, 'another'),
      token(own.privateKey, {}, 'stepdown', '-1 minute'),
      token(own.privateKey, { email_verified: false }),
    ]);
    for (const given of refused) expect((await ask(given)).statusCode).toBe(401);
    expect((await ask(await token(own.privateKey, { roles: [] }))).statusCode).toBe(403);
    await other.close();
    server.close();
  });
});

describe('an engagement over the API', () => {
  const open = async (client: Api['client'], name: string, fourEyes: string[] = []) => {
    const approvers = [APPROVER, SECOND].map((email) => ({ name: email, email }));
    await kickOff(client, spec(name, { gates: { approvers, fourEyes } }), sources, 'test');
    return eventually(async () => (await statusOf(client, name)).gate);
  };
  const decideAt = (gate: GateStatus) => ({
    url: `/api/engagements/${gate.engagement}/gates/${gate.gate}/decision`,
    body: { outcome: 'approved', evidenceSha256: gate.evidenceSha256 },
  });

  it('is decided in the name of who is signed in, once, and says how', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      const { url, body } = decideAt(await open(client, name));
      const ana = api.as(['approver'], APPROVER);
      const stale = await ana('POST', url, { ...body, evidenceSha256: SHA });
      expect([stale.statusCode, stale.json().detail]).toEqual([
        409,
        expect.stringContaining('the evidence has changed'),
      ]);
      expect((await ana('POST', url, { ...body, by: SECOND })).statusCode).toBe(403);
      const changes = { quality: { confidence: 95 } };
      const unusable = await ana('POST', url, { ...body, outcome: 'revise', comment: 'surer', changes });
      expect([unusable.statusCode, unusable.json().problems]).toEqual([
        422,
        [{ path: 'quality.confidence', value: 95, message: 'write a share between 0 and 1, not a percentage' }],
      ]);
      const eve = await api.as(['approver'], 'eve@example.org')('POST', url, body);
      expect([eve.statusCode, eve.json().detail]).toEqual([409, expect.stringContaining('is not an approver')]);
      const key = { 'idempotency-key': 'k1' };
      const first = await ana('POST', url, body, key);
      expect(first.json()).toMatchObject({ outcome: 'approved', by: APPROVER, via: 'api' });
      const repeated = await ana('POST', url, body, key);
      expect([repeated.json(), repeated.headers['idempotency-replayed']]).toEqual([first.json(), 'true']);
      expect((await ana('POST', url, { ...body, comment: 'no' }, key)).statusCode).toBe(422);
      const end = (by: ReturnType<Api['as']>) => by('POST', `/api/engagements/${name}/cancel`, { comment: 'too dear' });
      expect((await end(ana)).statusCode).toBe(403);
      expect((await end(api.as(['engineer']))).json()).toMatchObject({
        by: 'engineer@example.org',
        comment: 'too dear',
      });
      const closed = await client.workflow.getHandle(`engagement/${name}`).result();
      expect(closed.reason).toContain('by engineer@example.org: too dear');
      expect((await end(api.as(['engineer']))).statusCode).toBe(409);
      const { outcome } = (await ana('GET', `/api/engagements/${name}`)).json().state;
      expect(outcome).toMatchObject({ verdict: 'inconclusive' });
    });
  });

  it('lets the owner of the data directory name the approver, but not be both of two', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      const { url, body } = decideAt(await open(client, name, ['baseline']));
      const code = api.access.issueCode({ email: 'me@localhost', roles: ['admin'], isOwner: true });
      const cookie = `stepdown_session=${api.access.redeem(code)}`;
      const { csrf } = (await api.app.inject({ url: '/api/session', headers: { cookie } })).json();
      const enter = (by: string) =>
        api.app.inject({ method: 'POST', url, headers: { cookie, 'x-csrf-token': csrf }, payload: { ...body, by } });
      expect((await enter(APPROVER)).json()).toMatchObject({ by: APPROVER, enteredBy: 'me@localhost' });
      const second = await enter(SECOND);
      expect([second.statusCode, second.json().detail]).toEqual([
        409,
        expect.stringContaining('must sign in themselves'),
      ]);
      const other = await api.as(['approver'], SECOND)('POST', url, body);
      expect(other.statusCode).toBe(200);
      await client.workflow.getHandle(`engagement/${name}`).terminate();
    });
  });

  it('is steered through rollout and support in the name of who is signed in', async () => {
    let isProven = false;
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, isProven ? 'successful' : undefined);
    await withWorker({ lookAtStage }, async (client) => {
      const name = uniqueName();
      const window = { days: 90, day: '30 seconds', looksPerDay: 1 };
      await kickOff(client, spec(name, { support: window }), sources, 'test');
      const at = `/api/engagements/${name}`;
      const approve = (gate: string) =>
        eventually(async () => {
          const { gate: open } = await statusOf(client, name);
          const { url, body } = decideAt(open!);
          return open!.gate === gate ? api.as(['approver'], APPROVER)('POST', url, body) : undefined;
        }, gate);
      for (const gate of ['baseline', 'ptq', 'optimization']) await approve(gate);
      const olga = api.as(['operator']);
      const shadow = () => olga('GET', `${at}/rollout`).then((answer) => answer.json());
      await eventually(async () => ((await shadow()).look ? true : undefined), 'a look');
      const early = await olga('POST', `${at}/rollout/promote`, { comment: 'in a hurry' });
      expect([early.statusCode, early.json().detail]).toEqual([409, expect.stringContaining('is no approver')]);
      expect((await olga('POST', `${at}/rollout/pause`, {})).json()).toMatchObject({ paused: true });
      expect((await olga('POST', `${at}/rollout/resume`, {})).json()).toMatchObject({ paused: false });
      expect((await olga('GET', `${at}/support`)).statusCode).toBe(404);
      const cancelled = await api.as(['engineer'])('POST', `${at}/cancel`, { comment: 'too dear' });
      expect([cancelled.statusCode, cancelled.json().detail]).toEqual([
        403,
        expect.stringContaining('ask an operator'),
      ]);
      isProven = true;
      await approve('rollout-100');
      await eventually(
        async () => ((await olga('GET', `${at}/support`)).statusCode === 200 ? true : undefined),
        'support'
      );
      const say = (command: string, body: object) => olga('POST', `${at}/support/${command}`, body);
      const incident = (isWanted: (found: Incident) => boolean) =>
        eventually(async () => {
          const { incidents } = (await olga('GET', `${at}/support`)).json() as { incidents: Incident[] };
          return incidents.find(isWanted);
        }, 'the incident');
      expect((await say('open', { comment: 'a customer called' })).statusCode).toBe(200);
      expect(await incident(({ number }) => number === 1)).toMatchObject({ kind: 'reported' });
      expect((await say('acknowledge', { comment: 'seen' })).statusCode).toBe(422);
      expect((await say('acknowledge', { comment: 'a typo', incident: 1 })).statusCode).toBe(200);
      const { acknowledged } = await incident((found) => found.acknowledged !== undefined);
      expect(acknowledged).toMatchObject({ by: 'operator@example.org', comment: 'a typo' });
      expect((await say('rollback', { comment: 'to be sure' })).statusCode).toBe(200);
      await client.workflow.getHandle(`engagement/${name}`).terminate();
    });
  });

  it('is kicked off once from a specification of the folder, when its model and rows can be used', async () => {
    const name = uniqueName();
    const client = { name: '<script>alert(1)</script>' };
    writeSmallEngagement(join(api.home, name), specDocument(name, { client }));
    const start = (key?: string) =>
      api.as(['engineer'])(
        'POST',
        '/api/engagements',
        { spec: `${name}/engagement.yaml` },
        key ? { 'idempotency-key': key } : {}
      );
    const holdout = join(api.home, name, 'data/holdout.jsonl');
    const rows = readFileSync(holdout, 'utf8');
    writeFileSync(holdout, rows.replace('"zero"', '"nought"') + readFileSync(holdout.replace('holdout', 'selection')));
    const refused = await start();
    expect([refused.statusCode, refused.json().problems]).toEqual([
      422,
      expect.arrayContaining([
        expect.objectContaining({ path: 'data.holdout', value: 'nought' }),
        expect.objectContaining({ message: expect.stringMatching(/^shares \d+ rows/) }),
      ]),
    ]);
    writeFileSync(holdout, rows);
    const first = await start('start');
    expect([first.statusCode, first.json()]).toEqual([201, { engagement: name }]);
    expect((await start('start')).json()).toEqual({ engagement: name });
    expect((await start()).statusCode).toBe(409);
    const listed = await eventually(async () => {
      const { engagements } = (await api.as(['viewer'])('GET', '/api/engagements')).json();
      return engagements.find((line: { engagement: string }) => line.engagement === name);
    });
    expect(listed.client).toBe(client.name);
    await api.client.workflow.getHandle(`engagement/${name}`).terminate();
  });
});

describe('an engagement whose worker is gone', () => {
  it('is listed, with what is missing, and its figures are refused with what to do', async () => {
    const name = uniqueName();
    const typedSearchAttributes = [
      { key: defineSearchAttributeKey('Engagement', 'KEYWORD'), value: name },
      { key: defineSearchAttributeKey('AwaitingGate', 'KEYWORD'), value: 'ptq' },
    ];
    const alone = { taskQueue: `nobody-${name}`, typedSearchAttributes, args: [] };
    const workflows = [
      await api.client.workflow.start('engagement', { workflowId: `engagement/${name}`, ...alone }),
      await api.client.workflow.start('approval', { workflowId: `engagement/${name}/gate/ptq/1`, ...alone }),
    ];
    const figures = ['', '/cost', '/document'].map((path) => `/api/engagements/${name}${path}`);
    const answering = Promise.all(figures.map((path) => api.as(['viewer'])('GET', path))); // each waits for a worker
    const events = await api.events('/api/events');
    let portfolio = { engagements: [], gates: [], missing: null } as Portfolio;
    await eventually(async () => {
      const { data } = await events.next();
      const { engagements, gates, missing } = data as Portfolio;
      portfolio = { engagements: [...portfolio.engagements, ...engagements], gates, missing };
      return missing ?? undefined;
    }, 'what is missing');
    events.close();
    const listed = portfolio.engagements.find(({ engagement }) => engagement === name);
    expect(listed).toMatchObject({ awaitingGate: 'ptq', status: 'running' });
    expect(portfolio.missing).toMatchObject({ gates: expect.any(Number), next: expect.stringContaining('up') });
    expect(portfolio.gates.filter(({ engagement }) => engagement === name)).toEqual([]);
    for (const answer of await answering)
      expect([answer.statusCode, answer.json().detail]).toEqual([503, 'no worker is running']);
    for (const workflow of workflows) await workflow.terminate();
  });
});

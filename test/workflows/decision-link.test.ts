import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNotificationActivities } from '../../src/activities/notification.ts';
import type { GateStatus } from '../../src/domain/decision.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { type LinkClaims, linkKey, readLink, signLink } from '../../src/storage/decision-link.ts';
import { approval } from '../../src/workflows/approval.ts';
import { gateQuery } from '../../src/workflows/messages.ts';
import { type Api, startApi } from './api.ts';
import { APPROVER, gateRequest, SECOND } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { catchMails } from './mail-catcher.ts';

const HOSTILE = '<script>alert(1)</script>';

const request = gateRequest({ client: HOSTILE, summary: `int8-dynamic: 2.31x as fast ${HOSTILE}` });

let api: Api;
let catcher: Awaited<ReturnType<typeof catchMails>>;

beforeAll(async () => {
  api = await startApi();
  catcher = await catchMails({ disabledCommands: ['STARTTLS'] });
});

afterAll(async () => {
  await catcher.close();
  await api.close();
});

const get = (link: string, headers: Record<string, string> = {}) =>
  api.app.inject({ url: `/decision?link=${encodeURIComponent(link)}`, headers });
const post = (link: string, outcome: string, comment = '', headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/decision',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ link, outcome, comment }).toString(),
  });

/** A gate whose mails went through the SMTP server, and the links in them. */
async function mailed(action: (gate: GateStatus, links: Record<string, string>, client: Client) => Promise<void>) {
  catcher.mails.clear();
  const key = linkKey(api.config.home);
  const { notify } = createNotificationActivities({
    smtpUrl: `smtp://127.0.0.1:${catcher.port}`,
    mailFrom: 'Stepdown <stepdown@example.org>',
    outboxFolder: join(api.home, 'outbox'),
    decisionLink: ({ workflowId, evidenceSha256, dueAt }, email) =>
      `http://127.0.0.1/decision?link=${signLink(key, { workflowId, evidenceSha256, email, expiresAt: dueAt })}`,
  });
  await withWorker({ notify: notify as never }, async (client) => {
    const workflowId = uniqueName();
    const handle = await client.workflow.start(approval, { workflowId, taskQueue: QUEUES.engagement, args: [request] });
    await eventually(async () => (catcher.mails.size === 2 ? true : undefined), 'both mails');
    const links = Object.fromEntries(
      [...catcher.mails].map(([email, text]) => [email, /decision\?link=([\w.-]+)/.exec(text)?.[1] ?? ''])
    );
    await action(await handle.query(gateQuery), links, client);
    const { decision } = await handle.query(gateQuery);
    if (!decision) await handle.terminate();
  });
}

const claimsOf = ({ workflowId, evidenceSha256, dueAt }: GateStatus, changes: Partial<LinkClaims> = {}): string =>
  signLink(linkKey(api.config.home), { workflowId, evidenceSha256, email: APPROVER, expiresAt: dueAt, ...changes });

describe('a mail’s link', () => {
  it('shows the evidence to everybody who opens it, scanners included, and decides once by its form', async () => {
    await mailed(async (gate, links, client) => {
      const link = links[APPROVER]!;
      expect(links[SECOND]).not.toBe(link);
      for (const _ of Array(3)) await get(link, { 'user-agent': 'Scanner' });
      await api.app.inject({ method: 'HEAD', url: `/decision?link=${link}` });
      const opened = await get(link);
      expect([opened.statusCode, opened.headers['cache-control']]).toEqual([200, 'no-store']);
      expect(opened.body).toContain('2.31x as fast');
      expect(opened.body).toContain(gate.evidenceSha256);
      expect(opened.body).not.toContain(HOSTILE);
      const handle = client.workflow.getHandle(gate.workflowId);
      expect((await handle.query(gateQuery)).decision).toBeUndefined();
      const refused = await post(link, 'rejected');
      expect([refused.statusCode, refused.body]).toEqual([409, expect.stringContaining('needs a comment')]);
      const [first, second] = await Promise.all([post(link, 'approved', 'agreed'), post(link, 'approved', 'agreed')]);
      expect([first.statusCode, second.statusCode].sort()).toEqual([200, 409]);
      expect(await handle.result()).toMatchObject({
        outcome: 'approved',
        by: APPROVER,
        via: 'mail link',
        comment: 'agreed',
      });
      const again = await get(link);
      expect([again.statusCode, again.body]).toEqual([409, expect.stringContaining('used already')]);
      const late = await post(links[SECOND]!, 'rejected', 'too late');
      expect([late.statusCode, late.body]).toEqual([
        409,
        expect.stringContaining(`decided already: approved by ${APPROVER}`),
      ]);
    });
  });

  it('is refused with the reason when it is not what was sent, too old, another person’s or on other evidence', async () => {
    await mailed(async (gate, links, client) => {
      const link = links[APPROVER]!;
      const [content, signature] = link.split('.');
      const forged = Buffer.from(JSON.stringify([gate.workflowId, gate.evidenceSha256, SECOND, gate.dueAt]));
      const ben = api.access.redeem(api.access.issueCode({ email: SECOND, roles: ['approver'], isOwner: false }));
      const cases: [string, number, string, Record<string, string>?][] = [
        [`${forged.toString('base64url')}.${signature}`, 400, 'was changed on its way'],
        [content!, 400, 'was changed on its way'],
        [claimsOf(gate, { expiresAt: '2026-01-01T00:00:00.000Z' }), 410, 'expired on'],
        [claimsOf(gate, { evidenceSha256: 'f'.repeat(64) }), 409, 'evidence has changed'],
        [claimsOf(gate, { email: 'eve@example.org' }), 403, 'is not an approver'],
        [link, 403, `is for ${APPROVER}, and you are signed in as ${SECOND}`, { cookie: `stepdown_session=${ben}` }],
        [claimsOf(gate, { workflowId: 'gone' }), 410, 'not there any more'],
      ];
      for (const [tried, status, why, headers] of cases)
        for (const answer of [await get(tried, headers), await post(tried, 'approved', '', headers)]) {
          expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
          expect(answer.body).toContain('Nothing was decided');
          expect(answer.body.replaceAll('&#39;', "'")).toContain(why);
        }
      expect((await client.workflow.getHandle(gate.workflowId).query(gateQuery)).decision).toBeUndefined();
    });
  });

  it('is bound to the key of the data directory', () => {
    const claims = { workflowId: 'w', evidenceSha256: 'e', email: APPROVER, expiresAt: 'x' };
    const key = linkKey(api.config.home);
    expect(linkKey(api.config.home)).toEqual(key);
    expect(readLink(key, signLink(key, claims))).toEqual(claims);
    expect(readLink(Buffer.alloc(32), signLink(key, claims))).toBeUndefined();
  });
});

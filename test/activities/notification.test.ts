import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotificationActivities, type NotificationActivities } from '../../src/activities/notification.ts';
import type { GateStatus } from '../../src/domain/decision.ts';
import { FailureType } from '../../src/domain/errors.ts';
import { composeMail } from '../../src/report/mail.ts';
import type { NotifyInput } from '../../src/report/message.ts';
import { closingDocument } from '../domain/closing-document.ts';

const SCHEDULED_AT = Date.parse('2026-11-24T09:00:00.000Z');
const ana = { name: 'Ana Approver', email: 'ana@example.com' };
const bo = { name: 'Bo', email: 'bo@example.com' };

const gate = (over: Partial<GateStatus> = {}): GateStatus => ({
  engagement: 'newswire',
  client: 'Example Newswire Ltd',
  modelName: 'minilm-newswire',
  package: 'professional',
  gate: 'ptq',
  attempt: 1,
  verdict: 'successful',
  summary: '**2 of 4** candidates hold the margin\n\n- `int8-dynamic`: drop at most 0.58 points, 2.31x as fast',
  evidenceSha256: 'ab'.repeat(32),
  approvers: [ana],
  needsTwo: false,
  remindAfterMs: 60_000,
  expireAfterMs: 120_000,
  workflowId: 'engagement/newswire/gate/ptq/1',
  openedAt: '2026-11-24T08:00:00.000Z',
  dueAt: '2026-12-08T08:00:00.000Z',
  remindersSent: 0,
  ...over,
});

const opened = (over: Partial<GateStatus> = {}): NotifyInput => ({ kind: 'gate-opened', gate: gate(over) });

let outboxFolder: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  outboxFolder = await mkdtemp(join(tmpdir(), 'stepdown-outbox-'));
  stop = async () => {};
});

afterEach(async () => {
  await stop();
  await rm(outboxFolder, { recursive: true });
});

interface Received {
  from: string;
  to: string[];
  content: string;
}

/** A real SMTP server on a free port, with what it received. */
async function mailServer(options: SMTPServerOptions = {}): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const from = envelope.mailFrom ? envelope.mailFrom.address : '';
          received.push({
            from,
            to: envelope.rcptTo.map(({ address }) => address),
            content: Buffer.concat(chunks).toString(),
          });
          done();
        });
    },
    ...options,
  });
  server.on('error', () => {}); // clients that hang up
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => new Promise((resolve) => server.close(resolve));
  return { url: `smtp://127.0.0.1:${(server.server.address() as { port: number }).port}`, received };
}

interface Circumstances {
  decisionLink?: (gate: GateStatus, email: string) => string;
  heartbeatDetails?: string[];
}

function notify(
  input: NotifyInput,
  smtpUrl?: string,
  { decisionLink, heartbeatDetails }: Circumstances = {}
): ReturnType<NotificationActivities['notify']> {
  const mailFrom = 'Stepdown <stepdown@example.org>';
  const { notify: activity } = createNotificationActivities({ smtpUrl, mailFrom, outboxFolder, decisionLink });
  const logger = new DefaultLogger('ERROR');
  return new MockActivityEnvironment({ scheduledTimestampMs: SCHEDULED_AT, heartbeatDetails }, { logger }).run(
    activity,
    input
  );
}

const failureOf = (running: Promise<unknown>): Promise<Error> =>
  running.then(
    () => expect.unreachable('the mail was delivered'),
    (error: Error) => error
  );

const smtpError = (code: number, message: string) => Object.assign(new Error(message), { responseCode: code });

/** Quoted-printable without its soft line breaks. */
const readable = (content: string): string =>
  content
    .replaceAll('=\r\n', '')
    .replace(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString());

describe('notify through an SMTP server', () => {
  it('sends every approver the evidence and the exact commands', async () => {
    const { url, received } = await mailServer();
    const result = await notify(opened({ approvers: [ana, bo] }), url);
    expect(received).toHaveLength(1);
    const [mail] = received;
    expect(mail!.to).toEqual(['ana@example.com', 'bo@example.com']);
    expect(mail!.from).toBe('stepdown@example.org');
    const content = readable(mail!.content);
    expect(content).toContain('Subject: Decision needed: newswire, gate ptq (successful)');
    expect(content).toContain(`Message-ID: ${result.messageId}`);
    expect(content).toContain('Date: Tue, 24 Nov 2026 09:00:00 +0000');
    expect(content).toContain('drop at most 0.58 points');
    expect(content).toContain('npx stepdown approve newswire --gate ptq --by YOUR-ADDRESS --comment "…"');
    expect(content).toContain('<strong>2 of 4</strong> candidates');
    expect(content).toContain('ab'.repeat(32));
    expect(result.delivered).toBe('smtp');
    expect(await readdir(outboxFolder)).toEqual([]);
  });

  it('names the approver in the commands when there is one', async () => {
    const { url, received } = await mailServer();
    await notify(opened(), url);
    expect(readable(received[0]!.content)).toContain('npx stepdown reject newswire --gate ptq --by ana@example.com');
  });

  it('offers a waiver instead of an approval when the gate did not prove its case', async () => {
    const { url, received } = await mailServer();
    await notify(opened({ verdict: 'inconclusive' }), url);
    const content = readable(received[0]!.content);
    expect(content).toContain(
      'npx stepdown decide newswire --gate ptq --by ana@example.com --outcome waived --comment "…"'
    );
    expect(content).not.toContain('stepdown approve');
  });

  it('gives a retry the same Message-ID and a reminder another', async () => {
    const { url } = await mailServer();
    const first = await notify(opened(), url);
    const retried = await notify(opened(), url);
    const reminder = await notify({ kind: 'gate-reminder', gate: gate({ remindersSent: 1 }) }, url);
    expect(retried.messageId).toBe(first.messageId);
    expect(reminder.messageId).not.toBe(first.messageId);
  });

  it('fails for good when every recipient is refused with 550', async () => {
    const { url } = await mailServer({
      onRcptTo: (_address, _session, done) => done(smtpError(550, 'no such mailbox')),
    });
    const failure = (await failureOf(notify(opened(), url))) as ApplicationFailure;
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect([failure.type, failure.nonRetryable]).toEqual([FailureType.MailRefused, true]);
    expect(failure.message).toContain('no such mailbox');
  });

  it('fails for good when the content is refused with 554', async () => {
    const { url } = await mailServer({
      onData(stream, _session, done) {
        stream.resume().on('end', () => done(smtpError(554, 'policy')));
      },
    });
    expect(await failureOf(notify(opened(), url))).toMatchObject({ type: FailureType.MailRefused, nonRetryable: true });
  });

  it('reaches the others when one of them is refused for good', async () => {
    const { url, received } = await mailServer({
      onRcptTo: ({ address }, _session, done) => done(address === bo.email ? smtpError(550, 'gone') : undefined),
    });
    await notify(opened({ approvers: [ana, bo] }), url);
    expect(received[0]!.to).toEqual([ana.email]);
  });

  it.each([
    ['all', [bo]],
    ['one of two', [ana, bo]],
  ])('is tried again when %s of the recipients are asked to wait with 451', async (_who, approvers) => {
    const { url } = await mailServer({
      onRcptTo: ({ address }, _session, done) => done(address === bo.email ? smtpError(451, 'greylisted') : undefined),
    });
    const failure = await failureOf(notify(opened({ approvers }), url));
    expect(failure).not.toBeInstanceOf(ApplicationFailure);
    expect(failure.message).toContain('greylisted');
  });

  it('keeps what was refused for good in the outbox, with the reason', async () => {
    const { url } = await mailServer({
      onRcptTo: ({ address }, _session, done) => done(address === bo.email ? smtpError(550, 'gone') : undefined),
    });
    await notify(opened({ approvers: [ana, bo] }), url);
    const [name] = await readdir(outboxFolder);
    expect(await readFile(join(outboxFolder, name!), 'utf8')).toMatch(/^X-Stepdown-Refused: .*gone/m);
  });

  it('gives every approver a mail with a link of their own, and a retry leaves out whom it reached', async () => {
    const { url, received } = await mailServer();
    const decisionLink = (_gate: GateStatus, email: string) => `https://stepdown.example/decision?link=${email}`;
    const both = opened({ approvers: [ana, bo] });
    const { messageId } = await notify(both, url, { decisionLink });
    expect(received.map(({ to }) => to)).toEqual([[ana.email], [bo.email]]);
    const [toAna] = received.map(({ content }) => readable(content));
    expect(toAna).toContain(`decision?link=${ana.email}`);
    expect(toAna).not.toContain(`decision?link=${bo.email}`);
    received.length = 0;
    await notify(both, url, { decisionLink, heartbeatDetails: [messageId] });
    expect(received.map(({ to }) => to)).toEqual([[bo.email]]);
  });

  it('is tried again when nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const failure = await failureOf(notify(opened(), `smtp://127.0.0.1:${port}`));
    expect(failure).not.toBeInstanceOf(ApplicationFailure);
    expect(failure.message).toContain('ECONNREFUSED');
  });

  it('adds no header and no recipient for line breaks in names', async () => {
    const { url, received } = await mailServer();
    const evil = 'x\r\nBcc: thief@example.net\r\n\r\nbody';
    await notify(
      opened({ engagement: evil, modelName: evil, gate: evil, approvers: [{ name: evil, email: ana.email }] }),
      url
    );
    const [mail] = received;
    expect(mail!.to).toEqual([ana.email]);
    const headers = mail!.content.slice(0, mail!.content.indexOf('\r\n\r\n'));
    expect(headers).not.toMatch(/^bcc:/im);
    expect(headers).toMatch(/^Subject: .*Bcc: thief/m);
  });

  it('refuses an address that would be two', async () => {
    const { url, received } = await mailServer();
    const email = 'ana@example.com\r\nRCPT TO:<thief@example.net>';
    expect(await failureOf(notify(opened({ approvers: [{ name: 'Ana', email }] }), url))).toMatchObject({
      type: FailureType.MailRefused,
    });
    expect(received).toEqual([]);
  });
});

describe('notify without an SMTP server', () => {
  it('writes one file, however often it is tried', async () => {
    const { delivered, messageId } = await notify(opened());
    await notify(opened());
    const names = await readdir(outboxFolder);
    expect(delivered).toBe('outbox');
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^20261124T090000Z-gate-opened-newswire-[0-9a-f]{8}\.eml$/);
    const content = readable(await readFile(join(outboxFolder, names[0]!), 'utf8'));
    expect(content).toContain(`Message-ID: ${messageId}`);
    expect(content).toContain('To: Ana Approver <ana@example.com>');
    expect(content).toContain('multipart/alternative');
  });

  it('stays inside the outbox whatever the engagement is called', async () => {
    await notify(opened({ engagement: '../../etc/cron.d/x' }));
    expect(await readdir(outboxFolder)).toEqual([
      expect.stringMatching(/^20261124T090000Z-gate-opened-_etc_cron_d_x-/),
    ]);
  });
});

describe('composeMail', () => {
  it('counts reminders in the subject', () => {
    const { subject, text } = composeMail({ kind: 'gate-reminder', gate: gate({ remindersSent: 2 }) });
    expect(subject).toBe('Reminder 2: newswire, gate ptq (successful)');
    expect(text).toContain('nobody has decided since 24 Nov 2026, 08:00:00 UTC');
  });

  it('says that a second person is needed once the first has decided', () => {
    const first = {
      gate: 'ptq',
      outcome: 'approved' as const,
      by: 'ana@example.com',
      comment: 'as planned',
      at: '',
      evidenceSha256: '',
    };
    const { text } = composeMail({ kind: 'gate-reminder', gate: gate({ needsTwo: true, first }) });
    expect(text).toContain('two different approvers');
    expect(text).toContain('ana@example.com has decided (approved, “as planned”); a second person is needed');
  });

  it('says that an expired gate can no longer be decided', () => {
    const { subject, text } = composeMail({ kind: 'gate-expired', gate: gate({ remindersSent: 3 }) });
    expect(subject).toBe('Expired: newswire, gate ptq');
    expect(text).toContain('after 3 reminders');
    expect(text).not.toContain('stepdown approve');
  });

  it.each([
    [0, 'Rolled back: newswire at stage 25 %', 'confirms **0 %**', false],
    [25, 'NOT AT 0 % (25 %): newswire at stage 25 %', 'still answers 25 %', true],
    [null, 'NOT AT 0 % (not confirmed): newswire at stage 25 %', 'does not confirm', true],
  ])('says what the router answered after a trip: %d %%', (confirmedWeight, subject, said, isAskedToAct) => {
    const reason = '7 of 120 pairs disagree';
    const input = { engagement: 'newswire', modelName: 'minilm', stage: 25, reason, confirmedWeight, to: [ana] };
    const mail = composeMail({ kind: 'rollout-tripped', ...input });
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain(said);
    expect(mail.text).toContain(reason);
    expect(mail.text.includes('/control/models/minilm/trip')).toBe(isAskedToAct);
  });

  it('closes with the measured figures, the waivers and how to verify', () => {
    const waivers = [{ gate: 'baseline', by: 'ana@example.com', comment: 'few rows' }];
    const { subject, text } = composeMail({
      kind: 'engagement-closed',
      document: closingDocument({ waivers }),
      to: [ana],
    });
    expect(subject).toBe('Closed: newswire (successful)');
    expect(text).toContain('- **Waived**: gate baseline, by ana@example.com: few rows');
    expect(text).toContain('- Accuracy drop: 0.06 points, at most 0.47');
    expect(text).toContain('npx stepdown verify newswire');
    expect(text).toContain('engagements/newswire/report.html');
  });

  it('quotes names for the shell and escapes them for HTML', () => {
    const { text, html } = composeMail(opened({ engagement: "a'$(reboot)", summary: '<img src=x onerror=alert(1)>' }));
    expect(text).toContain(`npx stepdown reject 'a'\\''$(reboot)' --gate ptq`);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x');
  });

  it('renders lists, tables, headings, bold and code of a summary', () => {
    const summary = '## Candidates\n| id | drop |\n| --- | ---: |\n| `fp16` | **0.1** |\n\n- one\n- two';
    const { html } = composeMail(opened({ summary }));
    expect(html).toContain('<h3>Candidates</h3>');
    expect(html).toContain('<tr><td><code>fp16</code></td><td><strong>0.1</strong></td></tr>');
    expect(html).toContain('<ul><li>one</li><li>two</li></ul>');
  });
});

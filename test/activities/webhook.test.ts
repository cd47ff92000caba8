import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotificationActivities, type NotificationActivities } from '../../src/activities/notification.ts';
import { loadConfig } from '../../src/config.ts';
import type { NotifyInput } from '../../src/report/message.ts';
import { composeWebhook, type WebhookBody } from '../../src/report/webhook.ts';

const SECRET = '/services/T0000TEAM/B000CHANNEL/token-of-the-channel';
const tripped: NotifyInput = {
  kind: 'rollout-tripped',
  engagement: 'newswire',
  modelName: 'topics',
  stage: 25,
  reason: 'harm is proven: <!channel> & more',
  confirmedWeight: 0,
  to: [{ name: 'Ana', email: 'ana@example.org' }],
};

let outboxFolder: string;
let close: () => Promise<unknown>;

beforeEach(async () => {
  outboxFolder = await mkdtemp(join(tmpdir(), 'stepdown-webhook-'));
  close = async () => {};
});
afterEach(async () => {
  await close();
  await rm(outboxFolder, { recursive: true });
});

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;
const ok: Answer = (response) => response.end('ok');

/** A real HTTP server that answers one after the other, the last for ever, and keeps what it was sent. */
async function channel(...answers: Answer[]): Promise<{ url: string; received: WebhookBody[] }> {
  const received: WebhookBody[] = [];
  const server = createServer(async (request, response) => {
    expect([request.method, request.url, request.headers['content-type']]).toEqual([
      'POST',
      SECRET,
      'application/json',
    ]);
    received.push(JSON.parse(await text(request)));
    (answers[received.length - 1] ?? answers.at(-1)!)(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${SECRET}`, received };
}

function notify(webhookUrl: string, heartbeatDetails?: string[]) {
  const mailFrom = 'Stepdown <stepdown@example.org>';
  const publicUrl = 'https://stepdown.example.org/';
  const { notify: activity } = createNotificationActivities({ mailFrom, outboxFolder, webhookUrl, publicUrl });
  const environment = new MockActivityEnvironment({ heartbeatDetails }, { logger: new DefaultLogger('ERROR') });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const done: ReturnType<NotificationActivities['notify']> = environment.run(activity, tripped);
  return { done, beats };
}

const failureOf = (running: Promise<unknown>): Promise<ApplicationFailure> =>
  running.then(
    () => expect.unreachable('it was delivered'),
    (error) => error
  );

describe('the webhook', () => {
  it('is posted what the mail says, beside the mail, with a link to the page', async () => {
    const { url, received } = await channel(ok);
    const { done, beats } = notify(url);
    expect(await done).toMatchObject({ delivered: 'outbox' });
    expect(received).toHaveLength(1);
    expect(received[0]!.text).toBe('Rolled back: newswire at stage 25 %');
    const said = JSON.stringify(received[0]!.blocks);
    expect(said).toContain('*topics*');
    expect(said).toContain('<https://stepdown.example.org/engagements/newswire/rollout|Open the page>');
    expect(said).toContain('npx stepdown status newswire');
    expect(await readdir(outboxFolder)).toHaveLength(1); // the mail, as there is no mail server
    expect((beats.at(-1) as string[]).at(-1)).toBe('webhook');
  });

  it('calls no channel and makes no link for what stands in a reason', async () => {
    const { url, received } = await channel(ok);
    await notify(url).done;
    const said = JSON.stringify(received);
    expect(said).toContain('&lt;!channel&gt; &amp; more');
    expect(said).not.toContain('<!channel>');
  });

  it.each([
    ['is busy', 429, '7', '7 seconds'],
    ['is busy for very long', 429, '86400', '600 seconds'],
    ['is broken', 503, undefined, undefined],
  ])('is tried again when the server %s, and the mail is not sent twice', async (_what, status, retryAfter, wait) => {
    const { url, received } = await channel(
      (response) => response.writeHead(status, retryAfter ? { 'retry-after': retryAfter } : {}).end('later'),
      ok
    );
    const { done, beats } = notify(url);
    const failure = await failureOf(done);
    expect(failure.message).toContain(`answered ${status}: later`);
    expect(failure.nonRetryable ?? false).toBe(false);
    expect(failure.nextRetryDelay ?? undefined).toBe(wait);
    const before = await readdir(outboxFolder);
    await notify(url, beats.at(-1) as string[]).done;
    expect(received).toHaveLength(2);
    expect(await readdir(outboxFolder)).toEqual(before);
  });

  it('leaves the mail delivered when it refuses for good, and keeps the message with the reason', async () => {
    const { url } = await channel((response, request) => response.writeHead(404).end(`Cannot POST ${request.url}`));
    const { refused } = await notify(url).done;
    expect(refused).toEqual([expect.stringContaining('answered 404: Cannot POST')]);
    const [kept] = (await readdir(outboxFolder)).filter((name) => name.endsWith('.webhook.json'));
    const message = JSON.parse(await readFile(join(outboxFolder, kept!), 'utf8'));
    expect(message).toMatchObject({ refused: refused![0], text: 'Rolled back: newswire at stage 25 %' });
  });

  it.each<[string, Answer]>([
    ['refuses and repeats the address', (response, { url }) => response.writeHead(403).end(`no ${url}`)],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['hangs up', (response) => response.destroy()],
  ])('tells nobody its address when the server %s', async (_what, answer) => {
    const { url } = await channel(answer);
    const told = await notify(url).done.catch((error: Error) => `${error.message} ${error.stack} ${error.cause}`);
    const kept = await Promise.all(
      (await readdir(outboxFolder)).map((name) => readFile(join(outboxFolder, name), 'utf8'))
    );
    for (const part of ['T0000TEAM', 'B000CHANNEL', 'token-of'])
      expect(JSON.stringify([told, kept])).not.toContain(part);
  });

  it('is tried again when nothing listens', async () => {
    const { url } = await channel(ok);
    await close();
    close = async () => {};
    const failure = await failureOf(notify(url).done);
    expect(failure).not.toBeInstanceOf(ApplicationFailure);
    expect(failure.message).toMatch(/^the webhook at 127\.0\.0\.1:\d+ did not answer: ECONNREFUSED$/);
  });
});

describe('a message to a channel', () => {
  it('keeps within the limits of blocks, whatever a reason holds', () => {
    const { blocks } = composeWebhook({ ...tripped, engagement: 'e'.repeat(200), reason: 'long '.repeat(2_000) });
    expect(blocks[0]).toMatchObject({ type: 'header' });
    expect(blocks[0]!.text.text.length).toBe(150);
    expect(blocks.slice(1).every(({ text }) => text.text.length > 0 && text.text.length <= 3_000)).toBe(true);
  });
});

describe('its address', () => {
  it.each(['http://hooks.example.org/x', 'ftp://hooks.example.org/x', 'hooks'])('is refused as %s', (url) => {
    expect(() => loadConfig({ STEPDOWN_WEBHOOK_URL: url })).toThrow(/STEPDOWN_WEBHOOK_URL: give an https/);
    expect(loadConfig({ STEPDOWN_WEBHOOK_URL: 'https://hooks.example.org/x' }).webhookUrl).toMatch(/^https/);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { Access } from '../../src/server/access.ts';
import { approval } from '../../src/workflows/approval.ts';
import { APPROVER, gateRequest, SECOND } from './fakes.ts';
import { eventually, namespace, uniqueName } from './harness.ts';
import { catchMails } from './mail-catcher.ts';
import { CLIENT, signInAt, startProvider } from './provider.ts';

const GATEWAY_TOKEN = 'gateway-token-that-nobody-may-read';
const SMTP_PASSWORD = 'smtp-password-that-nobody-may-read';
const WEBHOOK_PATH = 'webhook-path-that-nobody-may-read';

let home: string;
let connection: Connection;
let catcher: Awaited<ReturnType<typeof catchMails>>;
const said: Record<string, string> = {};
const children: ChildProcess[] = [];

const webhook = createServer((_request, response) => void response.writeHead(500).end('no'));

/** A process of ours, with all that it prints. */
function start(name: string, args: string[], env: Record<string, string>): void {
  const { root } = loadConfig();
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'src', args[0]!), ...args.slice(1)],
    {
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, STEPDOWN_HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }
  );
  said[name] = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
    });
  children.push(child);
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'stepdown-secrets-'));
  connection = await Connection.connect({ address: inject('temporal') });
  // takes the first approver's mail, and has no time for the second
  catcher = await catchMails({
    hideSTARTTLS: true,
    onAuth: (_auth, _session, done) => done(null, { user: 'u' }),
    onRcptTo: ({ address }, _session, done) =>
      done(address === SECOND ? Object.assign(new Error('come back later'), { responseCode: 451 }) : null),
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await Promise.all(
    children.map(async (child) => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill()) await gone;
    })
  );
  await catcher.close();
  webhook.close();
  await connection.close();
  rmSync(home, { recursive: true });
});

it('leaves no secret of any request in what server and worker print, in the history or in the data directory', async () => {
  const [port] = await freePorts(1);
  const at = `http://127.0.0.1:${port}`;
  const ana = { email: APPROVER, email_verified: true, roles: ['approver'] };
  const provider = await startProvider({ accounts: { ana }, home: at });
  const { port: webhookPort } = webhook.address() as AddressInfo;
  const env = {
    TEMPORAL_ADDRESS: inject('temporal'),
    TEMPORAL_NAMESPACE: namespace(),
    STEPDOWN_PUBLIC_URL: at,
    STEPDOWN_GATEWAY_TOKEN: GATEWAY_TOKEN,
    STEPDOWN_SMTP_URL: `smtp://u:${SMTP_PASSWORD}@127.0.0.1:${catcher.port}`,
    STEPDOWN_WEBHOOK_URL: `http://127.0.0.1:${webhookPort}/${WEBHOOK_PATH}`,
    STEPDOWN_OIDC_ISSUER: provider.issuer,
    STEPDOWN_OIDC_CLIENT_ID: CLIENT.id,
    STEPDOWN_OIDC_CLIENT_SECRET: CLIENT.secret,
  };
  start('server', ['server/main.ts', '--port', String(port)], env);
  start('worker', ['worker.ts', '--queue', 'engagement'], env);
  const client = new Client({ connection, namespace: namespace() });
  const workflowId = uniqueName();
  const gate = await client.workflow.start(approval, {
    workflowId,
    taskQueue: QUEUES.engagement,
    args: [gateRequest()],
  });
  const seconds = 60; // on 2 busy cores
  const mail = await eventually(async () => catcher.mails.get(APPROVER), 'the mail', seconds);
  const link = /decision\?link=([\w.-]+)/.exec(mail)![1]!;
  await eventually(async () => (said.worker!.includes('come back later') ? true : undefined), 'the failure', seconds);

  const access = new Access(join(home, 'access.db'));
  const [code, token, unused] = [
    access.issueCode({ email: APPROVER, roles: ['viewer'], isOwner: false }),
    access.issueToken('ci@example.org', ['viewer']),
    'token-that-was-never-issued-by-anybody',
  ];
  access.close();
  const send = (path: string, init: RequestInit = {}) => fetch(`${at}${path}`, { redirect: 'manual', ...init });
  const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });
  const bearer = (given: string) => ({ headers: { authorization: `Bearer ${given}` } });
  const statuses: number[] = [];
  const asked = async (path: string, init?: RequestInit) => {
    const answer = await send(path, init);
    await answer.text();
    statuses.push(answer.status);
    return answer;
  };
  await asked(`/sign-in?code=${code}`);
  const signedIn = await asked('/sign-in', form({ code }));
  await asked('/sign-in', form({ code }));
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
  await asked('/api/session', { headers: { cookie } });
  await asked('/api/gates', bearer(token));
  await asked('/api/gates', bearer(unused));
  const begun = await asked('/auth/login');
  const sealed = begun.headers.getSetCookie()[0]!.split(';')[0]!;
  const back = await signInAt(begun.headers.get('location')!, 'ana');
  await asked('/auth/callback?code=guessed&state=guessed', { headers: { cookie: sealed } });
  const inside = await asked(back.pathname + back.search, { headers: { cookie: sealed } });
  await asked(back.pathname + back.search, { headers: { cookie: sealed } });
  await asked(`/decision?link=${link}x`);
  await asked(`/decision?link=${link}`);
  await asked(`/nothing?code=${code}&token=${token}`);
  await asked(`/%E0%A4%A?token=${token}`);
  await asked('/api/people', {
    method: 'POST',
    body: `{"token": ${token}`,
    headers: { 'content-type': 'application/json' },
  });
  await asked('/decision', form({ link, outcome: 'rejected', comment: 'no' }));
  expect(statuses).toEqual([200, 303, 401, 200, 200, 401, 303, 400, 303, 400, 400, 200, 404, 400, 401, 200]);
  const again = await asked('/auth/login');
  const late = await signInAt(again.headers.get('location')!, 'ana');
  await provider.close();
  const lost = await asked(late.pathname + late.search, {
    headers: { cookie: again.headers.getSetCookie()[0]!.split(';')[0]! },
  });
  expect(lost.status).toBe(503);
  expect(await gate.result()).toMatchObject({ outcome: 'rejected', by: APPROVER });

  const value = (pair: string) => pair.split('=')[1]!;
  const of = (url: URL, name: string) => url.searchParams.get(name)!;
  const secrets = {
    ...{ GATEWAY_TOKEN, SMTP_PASSWORD, WEBHOOK_PATH, clientSecret: CLIENT.secret, code, token, unused, link },
    signature: link.split('.')[1]!,
    cookie: value(cookie),
    sealed: value(sealed),
    session: value(
      inside.headers
        .getSetCookie()
        .find((line) => line.startsWith('stepdown_session'))!
        .split(';')[0]!
    ),
    providerCode: of(back, 'code'),
    state: of(back, 'state'),
    lateCode: of(late, 'code'),
    lateState: of(late, 'state'),
  };
  const history = JSON.stringify(await gate.fetchHistory()).replace(/"data":"([^"]+)"/g, (_, payload) =>
    Buffer.from(payload, 'base64').toString()
  );
  const files = readdirSync(home).filter((name) => name.startsWith('access.db'));
  const kept = files.map((name) => readFileSync(join(home, name)).toString('latin1')).join('');
  expect(said.server).toContain('signing in at the identity provider: The identity provider does not answer');
  expect(history).toContain(APPROVER);
  expect(kept).toContain('ci@example.org');
  for (const [name, secret] of Object.entries(secrets))
    for (const [where, text] of Object.entries({ ...said, history, kept }))
      expect([name, where, text.includes(secret)]).toEqual([name, where, false]);
}, 180_000);

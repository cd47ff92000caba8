import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { Access } from '../../src/server/access.ts';
import { within } from '../../src/server/routes/provider.ts';
import { type Api, startApi } from './api.ts';
import { isBrowserHere, startBrowser } from './browser.ts';
import { APPROVER, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';
import { type Accounts, CLIENT, signInAt, startProvider } from './provider.ts';
import { figures } from './world.ts';

const HOME = 'http://127.0.0.1';
const SCRIPT = '<script>alert(1)</script>';
const accounts: Accounts = {
  ana: { email: APPROVER, email_verified: true, roles: ['approver', 'king'], teams: ['/ml/leads'] },
  vera: { email: 'vera@example.org', email_verified: true, roles: ['viewer'] },
  new: { email: 'new@example.org', email_verified: true, roles: [SCRIPT] },
  unverified: { email: APPROVER, email_verified: false, roles: ['admin'] },
  nameless: { roles: ['admin'] },
  nobody: {},
};

const oidc = (issuer: string, changes: Partial<NonNullable<Config['oidc']>['signIn']> = {}): Partial<Config> => ({
  oidc: {
    issuer,
    name: 'Acme',
    audience: 'stepdown',
    rolesClaim: 'roles',
    signIn: { clientId: CLIENT.id, clientSecret: CLIENT.secret, scopes: 'openid email profile', ...changes },
  },
});

/** A browser's cookies at the server under test. */
function visitor({ app }: Api) {
  const cookies: Record<string, string> = {};
  return {
    cookies,
    async get(url: string) {
      const answer = await app.inject({ url, cookies });
      for (const { name, value } of answer.cookies) cookies[name] = value;
      return answer;
    },
    /** To the provider and back to the callback, which is not opened. */
    async back(who: string, to = '/'): Promise<string> {
      const { headers } = await this.get(`/auth/login?to=${encodeURIComponent(to)}`);
      const { pathname, search } = await signInAt(String(headers.location), who);
      return pathname + search;
    },
    async signIn(who: string, to?: string) {
      return this.get(await this.back(who, to));
    },
  };
}

let provider: Awaited<ReturnType<typeof startProvider>>;
let api: Api;
const logged = vi.spyOn(console, 'error').mockImplementation(() => {});

beforeAll(async () => {
  provider = await startProvider({ accounts, home: HOME, idTokenSeconds: 120 });
  api = await startApi(oidc(provider.issuer));
});
afterEach(() => {
  vi.useRealTimers();
  logged.mockClear();
});
afterAll(async () => {
  await api.close();
  await provider.close();
});

describe('signing in at an OpenID Connect provider', () => {
  it('asks with PKCE, state and nonce, and comes back to where the person was, with a session', async () => {
    const ana = visitor(api);
    const begun = await ana.get('/auth/login?to=%2Fengagements%2Fa%2Fgates%2Fptq%3Fb%3D1');
    const { searchParams } = new URL(String(begun.headers.location));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid email profile',
      redirect_uri: `${HOME}/auth/callback`,
    });
    for (const secret of ['state', 'nonce', 'code_challenge']) expect(searchParams.get(secret)).toHaveLength(43);
    expect(String(begun.headers['set-cookie'])).toMatch(/stepdown_sign_in=.*Path=\/auth; HttpOnly; SameSite=Lax/);
    const answer = await ana.signIn('ana', '/engagements/a/gates/ptq?b=1');
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `${HOME}/engagements/a/gates/ptq?b=1`]);
    expect(String(answer.headers['set-cookie'])).toMatch(
      /stepdown_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict/
    );
    const session = (await ana.get('/api/session')).json();
    expect(session).toMatchObject({ email: APPROVER, roles: ['approver'], isOwner: false, csrf: expect.any(String) });
    const unsafe = await api.app.inject({ method: 'DELETE', url: '/api/session', cookies: ana.cookies });
    expect(unsafe.statusCode).toBe(403);
  });

  it('ends the session with the ID token that it began with', async () => {
    const vera = visitor(api);
    await vera.signIn('vera');
    const later = (seconds: number) => {
      const access = new Access(join(api.config.home, 'access.db'), () => Date.now() + seconds * 1_000);
      const session = access.session(vera.cookies.stepdown_session!);
      access.close();
      return session?.person.email;
    };
    expect([later(110), later(121)]).toEqual(['vera@example.org', undefined]);
  });

  it('signs out here and names where the provider does', async () => {
    const vera = visitor(api);
    await vera.signIn('vera');
    const { csrf } = (await vera.get('/api/session')).json();
    const headers = { 'x-csrf-token': csrf };
    const out = await api.app.inject({ method: 'DELETE', url: '/api/session', cookies: vera.cookies, headers });
    const next = new URL(out.json().next);
    expect(next.href).toContain(`${provider.issuer}/session/end?`);
    expect(next.searchParams.get('post_logout_redirect_uri')).toBe(`${HOME}/`);
    expect(next.searchParams.get('id_token_hint')).toMatch(/^ey/);
    expect((await vera.get('/api/session')).statusCode).toBe(401);
  });

  it('tells who is not signed in where to do it', async () => {
    const { statusCode, body } = await api.app.inject({ url: '/api/session' });
    expect([statusCode, JSON.parse(body)]).toEqual([401, expect.objectContaining({ provider: 'Acme' })]);
  });

  it('takes what the ID token leaves out from the user-info endpoint, and groups for roles', async () => {
    const shy = await startProvider({ accounts, home: HOME, tellsInToken: false });
    const file = join(api.home, 'client-secret');
    writeFileSync(file, `${CLIENT.secret}\n`);
    const { oidc: settings } = oidc(shy.issuer, { clientSecret: undefined, clientSecretFile: file });
    const groups = { operator: ['/ml/leads'], admin: ['approver'] };
    const other = await startApi({ oidc: { ...settings!, rolesClaim: 'teams', groups } });
    const ana = visitor(other);
    await ana.signIn('ana');
    expect((await ana.get('/api/session')).json()).toMatchObject({ email: APPROVER, roles: ['operator'] });
    await other.close();
    await shy.close();
  });
});

describe('somebody who is not signed in by the provider', () => {
  const refused = ({ statusCode, body, cookies, headers }: Awaited<ReturnType<Api['app']['inject']>>) => {
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(cookies.map(({ name }) => name)).not.toContain('stepdown_session');
    expect(body).toContain('href="/auth/login"');
    const [, why] = /role="alert">(.*?)<\/p>/.exec(body)!;
    return `${statusCode} ${why}`;
  };

  it.each([
    ['new', /^403 new@example.org is known .* has no role .* says: &lt;script&gt;/],
    ['unverified', /^403 .* has not verified the mail address ana@example.org/],
    ['nameless', /^403 .* told no mail address/],
    ['nobody', /^403 .* did not let you in/],
  ])('is told why: %s', async (who, why) => {
    const there = visitor(api);
    expect(refused(await there.signIn(who))).toMatch(why);
    expect((await there.get('/api/session')).statusCode).toBe(401);
  });

  it('is one whose state is another’s, or whose callback was opened before', async () => {
    const [ana, eve] = [visitor(api), visitor(api)];
    const callback = await ana.back('ana');
    expect(refused(await api.app.inject({ url: callback }))).toMatch(/^400 .* not begun in this browser/);
    await eve.back('vera');
    expect(refused(await eve.get(callback))).toMatch(/^400 .* not begun in this browser/);
    const { stepdown_sign_in } = ana.cookies;
    expect((await ana.get(callback)).statusCode).toBe(303);
    const again = await api.app.inject({ url: callback, cookies: { stepdown_sign_in: stepdown_sign_in! } });
    expect(refused(again)).toMatch(/^400 .* finished already/);
  });

  it('is one with somebody else’s code', async () => {
    const [ana, eve] = [visitor(api), visitor(api)];
    const stolen = new URLSearchParams((await ana.back('ana')).split('?')[1]).get('code')!;
    const own = await eve.back('vera');
    expect(refused(await eve.get(own.replace(/code=[^&]+/, `code=${stolen}`)))).toMatch(
      /^400 .* used before or is too old/
    );
  });

  it('is one who comes back late', async () => {
    const [slow, slower] = [visitor(api), visitor(api)];
    const callbacks = [await slow.back('ana'), await slower.back('ana')];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 });
    expect(refused(await slow.get(callbacks[0]!))).toMatch(/^400 .* used before or is too old/);
    vi.setSystemTime(Date.now() + 600_000);
    expect(refused(await slower.get(callbacks[1]!))).toMatch(/^400 .* longer than ten minutes/);
  });

  it('is everybody while the provider is away, and nobody’s secret is in the log', async () => {
    const mortal = await startProvider({ accounts, home: HOME });
    const other = await startApi(oidc(mortal.issuer));
    const ana = visitor(other);
    const callback = await ana.back('ana');
    const token = { authorization: `Bearer ${other.access.issueToken('ci@example.org', ['viewer'])}` };
    await mortal.close();
    expect(refused(await ana.get(callback))).toMatch(/^503 The identity provider does not answer/);
    const fresh = await startApi(oidc(mortal.issuer));
    expect(refused(await visitor(fresh).get('/auth/login'))).toMatch(/^503 The identity provider does not answer/);
    const unknown = { authorization: 'Bearer ey.of-the-provider' };
    expect((await fresh.app.inject({ url: '/api/session', headers: unknown })).statusCode).toBe(503);
    const withToken = await other.app.inject({ url: '/api/session', headers: token });
    expect(withToken.statusCode).toBe(200);
    for (const each of [other, fresh]) await each.close();
    const lines = JSON.stringify(logged.mock.calls);
    expect(lines).toContain('does not answer');
    for (const [, secret] of callback.matchAll(/(?:code|state)=([^&]+)/g)) expect(lines).not.toContain(secret);
  });

  it('is everybody while the client’s secret is wrong, which the log names without it', async () => {
    const other = await startApi(oidc(provider.issuer, { clientSecret: 'not-the-secret-at-all' }));
    expect(refused(await visitor(other).signIn('ana'))).toMatch(
      /^502 The identity provider refused \(invalid_client\)/
    );
    const lines = JSON.stringify(logged.mock.calls);
    expect([lines.includes('invalid_client'), lines.includes('not-the-secret')]).toEqual([true, false]);
    await other.close();
  });
});

it.each([
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  'https://evil.example/',
  'evil',
  '/.//evil.example',
  '',
])('leads nowhere else by to=%j', (to) => {
  expect(new URL(within(to, 'https://stepdown.example')).origin).toBe('https://stepdown.example');
});

it('is set up by variables that fit together', () => {
  const issuer = 'https://id.example/realms/acme';
  const tried = (more: Record<string, string>) => () => loadConfig({ STEPDOWN_OIDC_ISSUER: issuer, ...more });
  const STEPDOWN_OIDC_GROUPS = '{"approver": ["/ml/leads"]}';
  expect(tried({ STEPDOWN_OIDC_GROUPS, STEPDOWN_OIDC_CLIENT_ID: 'c' })().oidc).toMatchObject({
    name: 'id.example',
    groups: { approver: ['/ml/leads'] },
    signIn: { clientId: 'c', scopes: 'openid email profile' },
  });
  expect(tried({})().oidc?.signIn).toBeUndefined();
  const [id, secret] = [{ STEPDOWN_OIDC_CLIENT_ID: 'c' }, { STEPDOWN_OIDC_CLIENT_SECRET: 'hush' }];
  expect(tried({ STEPDOWN_OIDC_ISSUER: 'http://id.example' })).toThrow(/STEPDOWN_OIDC_ISSUER: give an https/);
  expect(tried({ STEPDOWN_OIDC_GROUPS: '{"king": ["a"]}' })).toThrow(/STEPDOWN_OIDC_GROUPS/);
  expect(tried({ STEPDOWN_OIDC_GROUPS: 'approver=a' })).toThrow(/STEPDOWN_OIDC_GROUPS: give JSON/);
  expect(tried(secret)).toThrow(/STEPDOWN_OIDC_CLIENT_ID: .*missing/);
  expect(tried({ ...id, ...secret, STEPDOWN_OIDC_CLIENT_SECRET_FILE: 'f' })).toThrow(/_SECRET_FILE: .* not both/);
  expect(() => loadConfig(id)).toThrow(/STEPDOWN_OIDC_ISSUER: .*missing/);
});

describe.skipIf(!isBrowserHere())('in a browser (skipped where there is no Chromium)', () => {
  it('signs in from the page that was opened, decides or may not, and signs out at the provider', async () => {
    const [port] = await freePorts(1);
    const home = `http://127.0.0.1:${port}`;
    const there = await startProvider({ accounts, home });
    const here = await startApi(oidc(there.issuer), home);
    await here.app.listen({ port: port!, host: '127.0.0.1' });
    const chromium = await startBrowser();
    await withWorker(figures(), async (client) => {
      const name = uniqueName();
      await kickOff(client, spec(name), { model: ref('model'), tokenizer: ref('tokenizer'), data: {} }, 'test');
      await eventually(async () => (await statusOf(client, name)).gate);
      const openGate = async (who: string) => {
        const page = await (await chromium.browser.newContext()).newPage();
        await page.goto(`${home}/engagements/${name}/gates/baseline`);
        await page.getByRole('link', { name: 'Sign in with Acme' }).click();
        await page.getByRole('link', { name: who }).click();
        await page.getByRole('heading', { name: 'Evidence' }).waitFor();
        return page;
      };
      const vera = await openGate('vera');
      await vera.getByText('vera@example.org, viewer').waitFor();
      await vera.getByText('Your roles let you read, not decide.').waitFor();
      const ana = await openGate('ana');
      await ana.getByText(`${APPROVER}, approver`).waitFor();
      await ana.getByRole('radio', { name: /^Approve/ }).check();
      await ana.getByRole('button', { name: 'Review' }).click();
      await ana.getByRole('button', { name: 'Approve now' }).click();
      const decision = await eventually(
        async () => (await statusOf(client, name)).state.phases[0]?.decision ?? undefined
      );
      expect(decision).toMatchObject({ outcome: 'approved', by: APPROVER, via: 'api' });
      await ana.getByRole('button', { name: 'Sign out' }).click();
      await ana.waitForURL(`${there.issuer}/session/end**`);
      await ana.getByRole('button', { name: /yes/i }).click();
      await ana.getByRole('link', { name: 'Sign in with Acme' }).waitFor();
      await ana.getByRole('link', { name: 'Sign in with Acme' }).click();
      await ana.getByRole('heading', { name: 'Who are you?' }).waitFor();
      here.access.dismiss('vera@example.org'); // the page hears of it by the end of its events
      await vera.getByRole('link', { name: 'Sign in with Acme' }).waitFor();
      await client.workflow.getHandle(`engagement/${name}`).terminate();
    });
    await chromium.close();
    await here.close();
    await there.close();
  }, 120_000);
});

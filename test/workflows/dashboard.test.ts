import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import { portfolioId, QUEUES } from '../../src/domain/ids.ts';
import type { Role } from '../../src/server/people.ts';
import { Journal, type JournalKind } from '../../src/storage/journal.ts';
import { portfolio } from '../../src/workflows/portfolio.ts';
import { portfolioAttributes } from '../../src/workflows/search-attributes.ts';
import { economics } from '../domain/closing-document.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { type Api, startApi } from './api.ts';
import { isBrowserHere, startBrowser } from './browser.ts';
import { APPROVER, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';
import { figures, startRouter } from './world.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.STEPDOWN_SCREENSHOTS;
const VIEWPORTS = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const LOOKS = [
  ['desktop', 'light', '{}'],
  ['phone', 'dark', '{ runOnly: ["color-contrast", "target-size"] }'], // all else is the same
] as const;
const HOSTILE = '<img src=x onerror=alert(1)>';
const NAME = uniqueName();
const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {}, economics: economics() };

let api: Api;
let at: string;
let chromium: Awaited<ReturnType<typeof startBrowser>>;
/** What a console would show: scripts that failed, were refused by the policy, or were smuggled in. */
const faults: string[] = [];

/** Wide and light, narrow and dark: nothing serious for axe, nothing wider than the screen, a picture for those who ask. */
async function inspect(page: Page, name: string): Promise<void> {
  const own = page.viewportSize()!;
  await page
    .getByText(/Loading/)
    .first()
    .waitFor({ state: 'hidden' });
  for (const [width, colorScheme, rules] of LOOKS) {
    await page.setViewportSize(VIEWPORTS[width]);
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${rules})`);
    const found = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`.slice(0, 400));
    const overflows = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect({ name, width, found, overflows }).toEqual({ name, width, found: [], overflows: false });
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize(own);
}

/** By a link that works once, pasted into the page. */
async function signedIn(width: keyof typeof VIEWPORTS, role: Role): Promise<Page> {
  const context = await chromium.browser.newContext({ viewport: VIEWPORTS[width] });
  await context.addInitScript(AXE);
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    const other = /\/engagements\/([^/]+)/.exec(line.location().url)?.[1] ?? NAME; // what other tests left on the server
    if (line.type() === 'error' && !/40[13]|422/.test(line.text()) && other === NAME) faults.push(line.text());
  });
  page.on('dialog', (dialog) => {
    faults.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(at);
  const code = api.access.issueCode({ email: APPROVER, roles: [role], isOwner: false });
  await page.getByLabel('Sign-in link').fill(`${at}/sign-in?code=${code}`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Portfolio' }).waitFor();
  return page;
}

const approve = async (page: Page, comment: string) => {
  await page.getByRole('radio', { name: /^Approve/ }).check();
  await page.getByLabel('Comment').fill(comment);
  await page.getByRole('button', { name: 'Review' }).click();
  await page.getByRole('button', { name: 'Approve now' }).click();
};

describe.skipIf(!isBrowserHere())('the dashboard (skipped where there is no Chromium)', () => {
  beforeAll(async () => {
    if (SHOTS) mkdirSync(SHOTS, { recursive: true });
    api = await startApi();
    expect(existsSync(join(api.config.root, 'web/dist/index.html')), 'run `npm run setup`: web/dist is missing').toBe(
      true
    );
    at = await api.app.listen({ port: 0, host: '127.0.0.1' });
    chromium = await startBrowser();
  });
  afterAll(async () => {
    await chromium?.close();
    await api?.close();
  });

  it('stays below 100 kB of JavaScript before charts', async () => {
    const { gzipSync } = await import('node:zlib');
    const dist = join(api.config.root, 'web/dist');
    const scripts = [
      ...readFileSync(join(dist, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g),
    ];
    const bytes = scripts.map(([, path]) => gzipSync(readFileSync(join(dist, path!))).byteLength);
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(100_000);
  });

  it('leads an engineer from a form to the first gate, and to an early end by phone', async () => {
    const name = uniqueName();
    await withWorker(figures(), async () => {
      await kickOffFromTheForm(name);
      const { spec: kickedOff } = (await statusOf(api.client, name)).state;
      expect(kickedOff.rollout).toMatchObject({ stages: [50, 100], minimumHold: 1_000 });
      const written = readFileSync(join(api.home, name, 'engagement.yaml'), 'utf8');
      expect(written).toContain(`engagement: ${name}`);
      await cancelByPhone(name);
      const { phase, cancelled } = (await statusOf(api.client, name)).state;
      expect({ phase, cancelled }).toMatchObject({ phase: 'closed', cancelled: { by: APPROVER, comment: HOSTILE } });
      expect(faults).toEqual([]);
    });
  }, 120_000);

  it('shows an engineer a portfolio, and takes another number of places', async () => {
    const name = uniqueName();
    const members = [uniqueName(), uniqueName()].map((each) => ({
      spec: spec(each, { package: 'enterprise', client: { name: HOSTILE } }),
      sources,
      projected: { p10: 1, p50: 2, p90: 3 },
    }));
    await withWorker(figures(), async (client) => {
      await client.workflow.start(portfolio, {
        workflowId: portfolioId(name),
        taskQueue: QUEUES.engagement,
        typedSearchAttributes: portfolioAttributes(name, HOSTILE),
        args: [{ name, client: HOSTILE, concurrency: 1, budgetMs: 43_200_000, members, startedBy: 'test' }],
      });
      const page = await signedIn('desktop', 'engineer');
      await page.getByRole('link', { name: 'Portfolios' }).click();
      await page.getByRole('link', { name }).waitFor();
      await inspect(page, 'portfolios');
      await page.getByRole('link', { name }).click();
      await page.getByText('1 of 1 places taken').waitFor();
      await page.getByText('6 h held').waitFor();
      await inspect(page, 'one-portfolio');
      await page.getByLabel('Places').fill('2');
      await page.getByRole('button', { name: 'Change the places' }).click();
      await page.getByText('2 of 2 places taken').waitFor();
      await page.context().close();
      expect(faults).toEqual([]);
      for (const id of [portfolioId(name), ...members.map((member) => `engagement/${member.spec.engagement}`)])
        await client.workflow.getHandle(id).terminate();
    });
  }, 120_000);

  it('leads an approver through the gates, and an operator with a phone to a ramp that is rolled back', async () => {
    const name = NAME;
    const router = await startRouter(name);
    process.env.STEPDOWN_GATEWAY = router.url;
    const writeJournal = async ({ event, kind, body }: { event: string; kind?: string; body?: unknown }) =>
      void (await new Journal(api.config.folders.journals, name).append(event, kind as JournalKind, body));
    await withWorker({ ...figures(), ...router.activities, writeJournal }, async (client) => {
      await kickOff(client, spec(name, { client: { name: HOSTILE } }), sources, 'test');
      await decideAtTheDesk(name);
      const { state } = await statusOf(client, name);
      const { decision } = state.phases[0]!;
      expect(decision).toMatchObject({ outcome: 'approved', by: APPROVER, comment: 'agreed', via: 'api' });
      await rollBackByPhone(name);
      const result = await eventually(async () => (await statusOf(client, name)).state.rollout, 'the rollback');
      expect(result.reason).toBe(`rolled back by ${APPROVER}: a customer complained`);
      expect(faults).toEqual([]);
    });
    delete process.env.STEPDOWN_GATEWAY;
    await router.close();
  }, 240_000); // half a minute where nothing else runs
});

/** An engineer with a model and rows, and no specification. */
async function kickOffFromTheForm(name: string): Promise<void> {
  writeSmallEngagement(join(api.home, name));
  const page = await signedIn('desktop', 'engineer');
  await page.getByRole('link', { name: 'New' }).click();
  const fill = (label: string, text: string) => page.getByLabel(label, { exact: true }).first().fill(text);
  await fill('Save as', `${name}/engagement.yaml`);
  await fill('Name of the engagement', 'Not A Name');
  await page.getByLabel('Save as').focus();
  await page.getByText('use lower-case letters, digits and hyphens').waitFor();
  await fill('Name of the engagement', name);
  const client = page.getByRole('group', { name: 'Client' });
  await client.getByLabel('Name', { exact: true }).fill(HOSTILE);
  const model = page.getByRole('group', { name: 'Model' });
  await model.getByLabel('Name', { exact: true }).fill('m');
  await model.getByLabel('Longest row, tokens').fill('8');
  const approver = page.getByRole('group', { name: 'Approvers 1' });
  await approver.getByLabel('Name', { exact: true }).fill('Ana');
  await page.getByRole('button', { name: 'Save the specification' }).click();
  await approver.getByText(/must be a mail address/).waitFor();
  await inspect(page, 'form');
  await approver.getByLabel('Email').fill(APPROVER);
  const rollout = page.getByRole('group', { name: 'Rollout', exact: true });
  await rollout.getByLabel('Shortest stay at a stage').fill('1 second');
  await rollout.getByLabel('Stages, percent').fill('50, 100');
  await page.getByText('In order, with all its files.').waitFor();
  await page.getByRole('button', { name: 'Save the specification' }).click();
  await page.getByRole('button', { name: 'Try a dry lap' }).click();
  await page.getByRole('heading', { name: 'Dry lap' }).waitFor({ timeout: 60_000 });
  await page.getByText('input_ids int64').waitFor();
  await inspect(page, 'dry-lap');
  await page.getByRole('button', { name: `Kick off ${name}` }).click();
  await page.getByRole('link', { name: 'Gate baseline', exact: true }).waitFor();
  await page.context().close();
}

async function cancelByPhone(name: string): Promise<void> {
  const others = await signedIn('phone', 'approver');
  await others.getByRole('link', { name, exact: true }).click();
  await others.getByRole('heading', { name: 'Journal' }).waitFor();
  expect(await others.getByRole('button', { name: 'Cancel the engagement' }).count()).toBe(0);
  await others.context().close();
  const page = await signedIn('phone', 'engineer');
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('button', { name: 'Cancel the engagement' }).click();
  await page.getByText('This cannot be taken back.').waitFor();
  await inspect(page, 'cancelling');
  await page.getByRole('button', { name: 'Cancel it now' }).click(); // without a reason the form stays
  await page.getByLabel('Why').fill(HOSTILE);
  await page.getByRole('button', { name: 'Cancel it now' }).click();
  await page.getByText(`cancelled in phase baseline by ${APPROVER}: ${HOSTILE}`).first().waitFor();
  expect(await page.getByRole('button', { name: 'Cancel the engagement' }).count()).toBe(0);
  await page.context().close();
}

async function decideAtTheDesk(name: string): Promise<void> {
  const page = await signedIn('desktop', 'approver');
  const row = page.getByRole('row').filter({ hasText: name });
  await row.getByRole('link', { name: 'gate baseline' }).waitFor();
  await row.getByText('not measured yet').waitFor();
  await row.getByText(HOSTILE).waitFor();
  await inspect(page, 'portfolio');
  await page.getByRole('link', { name: 'Inbox' }).click();
  await page.getByRole('link', { name: `${name}: gate baseline` }).waitFor();
  await inspect(page, 'inbox');
  await page.getByRole('link', { name: `${name}: gate baseline` }).click();
  await page.getByRole('heading', { name: 'Evidence' }).waitFor();
  await inspect(page, 'gate');
  await approve(page, 'agreed');
  await page.getByRole('link', { name: 'gate ptq' }).click();
  await approve(page, HOSTILE);
  await page.getByRole('link', { name: 'The whole engagement' }).click();
  await page.getByRole('link', { name: 'Gate optimization', exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Candidates' }).waitFor();
  await inspect(page, 'engagement');
  await page.getByRole('link', { name: 'Gate optimization', exact: true }).click();
  await approve(page, 'into the shadow');
  await page.getByRole('link', { name: 'The whole engagement' }).click();
  await page.getByRole('link', { name: 'Watch the rollout' }).waitFor();
  await page.context().close();
}

async function rollBackByPhone(name: string): Promise<void> {
  const page = await signedIn('phone', 'operator');
  await page.getByRole('link', { name }).click();
  await page.getByRole('link', { name: 'Watch the rollout' }).click();
  await page.getByText('Stage of 50 %').waitFor();
  await page.getByText('p50 2.29, p95 4.41, p99 6.57 ms').waitFor();
  await page.locator('polyline[points*=" "]').first().waitFor({ state: 'attached' });
  await inspect(page, 'rollout');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Pause now' }).click();
  await page.getByText('Stage of 50 %, paused').waitFor();
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByLabel('Why').fill('a customer complained');
  await page.getByRole('button', { name: 'Roll back now' }).click();
  await page.getByText('a customer complained').first().waitFor();
  await page.getByRole('link', { name: 'The whole engagement' }).click();
  await page.getByRole('heading', { name: 'Journal' }).waitFor();
  await page.getByText(HOSTILE).first().waitFor();
  await inspect(page, 'closed');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Stepdown' }).waitFor();
  await inspect(page, 'sign-in');
  await page.context().close();
}

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import { Journal } from '../../src/storage/journal.ts';
import { economics } from '../domain/closing-document.ts';
import { type Api, startApi } from './api.ts';
import { isBrowserHere, startBrowser } from './browser.ts';
import { APPROVER, ref, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { figures, startRouter } from './world.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.STEPDOWN_SCREENSHOTS;
const VIEWPORTS = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {}, economics: economics() };

let api: Api;
let at: string;
let chromium: Awaited<ReturnType<typeof startBrowser>>;

/** Nothing serious or worse, in either colour scheme; nothing wider than the screen; a picture for those who ask. */
async function inspect(page: Page, name: string): Promise<void> {
  await page
    .getByText(/Loading|Recomputing/)
    .first()
    .waitFor({ state: 'hidden' });
  const rules = { light: '{}', dark: '{ runOnly: ["color-contrast"] }' }; // all else is the same in the dark
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${rules[colorScheme]})`);
    const found = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`.slice(0, 400));
    expect({ name, colorScheme, found }).toEqual({ name, colorScheme, found: [] });
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}.png`), fullPage: true });
  }
  const overflow = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
  expect({ name, overflow }).toEqual({ name, overflow: false });
}

async function signedIn(width: keyof typeof VIEWPORTS): Promise<Page> {
  const context = await chromium.browser.newContext({ viewport: VIEWPORTS[width] });
  await context.addInitScript(AXE);
  const page = await context.newPage();
  await page.goto(at);
  await page.getByRole('heading', { name: 'Sign in to Stepdown' }).waitFor();
  await inspect(page, `sign-in-${width}`);
  const code = api.access.issueCode({ email: APPROVER, roles: ['approver', 'operator'], isOwner: false });
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

  it.each(['desktop', 'phone'] as const)(
    'leads through the gates to a ramp that is rolled back, on a %s',
    async (width) => {
      const name = uniqueName();
      const router = await startRouter(name);
      process.env.STEPDOWN_GATEWAY = router.url;
      const writeJournal = async ({ event, kind, body }: { event: string; kind?: string; body?: unknown }) => {
        await new Journal(api.config.folders.journals, name).append(event, kind as never, body);
        return undefined;
      };
      try {
        await withWorker({ ...figures(), ...router.activities, writeJournal }, async (client) => {
          await kickOff(client, spec(name), sources, 'test');
          const page = await signedIn(width);
          const gate = page.getByRole('link', { name: 'gate baseline' });
          await gate.waitFor();
          await inspect(page, `portfolio-${width}`);
          await page.getByRole('link', { name: 'Inbox' }).click();
          await page.getByRole('link', { name: `${name}: gate baseline` }).waitFor();
          await inspect(page, `inbox-${width}`);
          await page.getByRole('link', { name: `${name}: gate baseline` }).click();
          await page.getByRole('heading', { name: 'Evidence' }).waitFor();
          await inspect(page, `gate-${width}`);
          await approve(page, 'agreed');
          await page.getByText('gate ptq').waitFor();
          await page.getByRole('link', { name: 'gate ptq' }).click();
          await approve(page, '');
          await page.getByRole('link', { name: 'The whole engagement' }).click();
          await page.getByRole('link', { name: 'Gate optimization', exact: true }).waitFor();
          await page.getByRole('heading', { name: 'Candidates' }).waitFor();
          await inspect(page, `engagement-${width}`);
          await page.getByRole('link', { name: 'Gate optimization', exact: true }).click();
          await approve(page, 'into the shadow');
          await page.getByRole('link', { name: 'The whole engagement' }).click();
          await page.getByRole('link', { name: 'Watch the rollout' }).click();
          await page.getByRole('heading', { name: 'Arms' }).waitFor();
          await page.getByText('Stage of 50 %').waitFor();
          await page.locator('polyline[points*=" "]').first().waitFor({ state: 'attached' });
          await inspect(page, `rollout-${width}`);
          await page.getByRole('button', { name: 'Pause' }).click();
          await page.getByRole('button', { name: 'Pause now' }).click();
          await page.getByText('paused').first().waitFor();
          await page.getByRole('button', { name: 'Roll back' }).click();
          await page.getByLabel('Why').fill('a customer complained');
          await page.getByRole('button', { name: 'Roll back now' }).click();
          const result = await eventually(async () => (await statusOf(client, name)).state.rollout, 'the rollback');
          expect(result.reason).toBe(`rolled back by ${APPROVER}: a customer complained`);
          await page.getByText('a customer complained').first().waitFor();
          await page.getByRole('link', { name: 'The whole engagement' }).click();
          await page.getByRole('heading', { name: 'Journal' }).waitFor();
          await inspect(page, `closed-${width}`);
          const { state } = await statusOf(client, name);
          expect(state.phases[0]!.decision).toMatchObject({
            outcome: 'approved',
            by: APPROVER,
            comment: 'agreed',
            via: 'api',
          });
          await page.context().close();
        });
      } finally {
        delete process.env.STEPDOWN_GATEWAY;
        await router.close();
      }
    }
  );
});

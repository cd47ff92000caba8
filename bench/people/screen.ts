import type { BrowserContext, Page } from 'playwright-core';
import { SESSION_COOKIE } from '../../src/server/authenticate.ts';
import { startBrowser } from '../../test/workflows/browser.ts';
import { APPROVER } from '../../test/workflows/fakes.ts';
import type { Fleet } from './fleet.ts';

const ROWS = 50; // the page shows so many at first
const VIEWPORT = { width: 1280, height: 900 };

/** In the page: when the rows were painted first, and when each row changed. Times are those of the machine's clock. */
const WATCH = `
  window.changes = {};
  const painted = (then) => requestAnimationFrame(() => setTimeout(() => then(Date.now())));
  const rows = () => [...document.querySelectorAll('tbody tr')];
  const wait = () => rows().length >= ${ROWS} ? painted((at) => { window.shownAt = at; }) : requestAnimationFrame(wait);
  requestAnimationFrame(wait);
  new MutationObserver(() => {
    const texts = rows().map((row) => [row.querySelector('a').textContent, row.textContent]);
    painted((at) => {
      for (const [name, text] of texts) {
        const change = (window.changes[name] ??= {});
        if (/nobody|decided/.test(text)) change.decidedAt ??= at;
        if (/ptq/.test(text)) change.phaseAt ??= at;
      }
    });
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

/** A person with the dashboard open, in Chromium. */
export class Screen {
  readonly #chromium: Awaited<ReturnType<typeof startBrowser>>;
  readonly #fleet: Fleet;
  #page: Page | undefined;

  private constructor(chromium: Awaited<ReturnType<typeof startBrowser>>, fleet: Fleet) {
    this.#chromium = chromium;
    this.#fleet = fleet;
  }

  static async open(fleet: Fleet): Promise<Screen> {
    return new Screen(await startBrowser(), fleet);
  }

  /** Signed in, with nothing kept from an earlier visit. */
  async #context(): Promise<BrowserContext> {
    const { access, url } = this.#fleet;
    // the dashboard's policy forbids what looks into its page from outside
    const context = await this.#chromium.browser.newContext({ viewport: VIEWPORT, bypassCSP: true });
    const session = access.redeem(access.issueCode({ email: APPROVER, roles: ['approver'], isOwner: false }));
    await context.addCookies([{ name: SESSION_COOKIE, value: session!, url }]);
    await context.addInitScript(WATCH);
    return context;
  }

  /** From the address to the painted rows. */
  async load(): Promise<number> {
    const context = await this.#context();
    const page = await context.newPage();
    await page.goto(this.#fleet.url, { waitUntil: 'commit' });
    await page.waitForFunction('window.shownAt');
    const took = await page.evaluate<number>('window.shownAt - performance.timeOrigin');
    await context.close();
    return took;
  }

  /** Opens the portfolio and leaves it open. */
  async show(): Promise<void> {
    this.#page = await (await this.#context()).newPage();
    await this.#page.goto(this.#fleet.url);
    await this.#page.waitForFunction('window.shownAt');
  }

  /** When the row of an engagement said that it waits no more, and that it is in the next phase. */
  async seen(name: string): Promise<{ decidedAt: number; phaseAt: number }> {
    const change = `window.changes['${name}']`;
    await this.#page!.waitForFunction(`${change}?.decidedAt && ${change}.phaseAt`);
    return this.#page!.evaluate(change);
  }

  close(): Promise<void> {
    return this.#chromium.close();
  }
}

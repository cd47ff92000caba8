import { startBrowser } from './browser.ts';
import { html } from './html.ts';
import { noteOf, titleOf } from './page.ts';

/** The bottom margin of `@page` leaves room for it. */
const FOOTER =
  'font:7.5pt sans-serif;color:#444;width:100%;padding:0 14mm;display:flex;gap:1rem;justify-content:space-between';

/** One print after another: each is a browser of some 200 MB, and unpacking it changes the process's folder. */
let last: Promise<unknown> = Promise.resolve();

/**
 * One of our pages as tagged PDF on A4, with outline, title, note and page numbers at the foot of every page.
 * No script runs and no network is asked. Throws `NoBrowser` where there is no Chromium.
 */
export function printPdf(page: string, chromium: string | undefined): Promise<Buffer> {
  const printed = last.catch(() => {}).then(() => print(page, chromium));
  last = printed;
  return printed;
}

async function print(content: string, chromium: string | undefined): Promise<Buffer> {
  const { browser, close } = await startBrowser(chromium);
  try {
    const context = await browser.newContext({ javaScriptEnabled: false, offline: true, colorScheme: 'light' });
    const page = await context.newPage();
    await page.setContent(content);
    const note = noteOf(content);
    const foot = html`<div style="${FOOTER}"><span>${titleOf(content)}</span>${note && html`<strong>${note}</strong>`}<span><span class="pageNumber"></span> of <span class="totalPages"></span></span></div>`;
    return await page.pdf({
      preferCSSPageSize: true,
      printBackground: true,
      displayHeaderFooter: true,
      headerTemplate: '<span></span>',
      footerTemplate: foot.text,
      outline: true,
      tagged: true,
    });
  } finally {
    await close();
  }
}

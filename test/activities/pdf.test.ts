import { extractText, getDocumentProxy } from 'unpdf';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { isBrowserHere } from '../../src/report/browser.ts';
import { linkArtifacts } from '../../src/report/evidence.ts';
import { NoBrowser } from '../../src/report/no-browser.ts';
import { printPdf } from '../../src/report/pdf.ts';
import { renderReport } from '../../src/report/report.ts';
import { closingDocument } from '../domain/closing-document.ts';
import { textOf } from '../domain/rendered.ts';

const { chromium } = loadConfig();
const HASH = 'ab'.repeat(32);
const document: ClosingDocument = closingDocument({
  waivers: [{ gate: 'ptq', by: 'ana@example.com', comment: 'the desk accepts it' }],
  evidence: [
    { id: 'holdout', what: 'hold-out', path: `artifacts/${HASH.slice(0, 2)}/${HASH.slice(2)}.json`, sha256: HASH },
    { id: 'journal', what: 'the journal', path: 'journals/newswire.jsonl', sha256: null },
  ],
});

/** Words of a text, however lines were broken. */
const wordsOf = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? [];

describe.skipIf(!isBrowserHere(chromium))('a report as PDF (skipped where there is no Chromium)', () => {
  it('has every word of the page, numbers its pages, and says on each what was waived', async () => {
    const html = linkArtifacts(renderReport(document), 'https://stepdown.example.org');
    const pdf = await getDocumentProxy(new Uint8Array(await printPdf(html, chromium)));
    const { totalPages, text } = await extractText(pdf);
    expect(totalPages).toBeGreaterThan(3);
    text.forEach((page, i) => {
      expect(page).toContain(`${i + 1} of ${totalPages}`);
      expect(page).toContain('1 requirement was waived');
      expect(page).toContain('newswire: successful (Stepdown report)');
    });
    const printed = new Set(wordsOf(text.join(' ')));
    const shown = wordsOf(textOf(html.replace(/<svg.*?<\/svg>/gs, '').replace(/<div class="narrow">.*?<\/div>/gs, '')));
    const joined = text.join('').replace(/\s+/g, '');
    expect(shown.filter((word) => !printed.has(word) && !(word.length > 40 && joined.includes(word)))).toEqual([]);
    const links = await linksOf(pdf);
    expect(links.outer).toEqual(new Set([`https://stepdown.example.org/api/artifacts/${HASH}`]));
    expect(links.inner).toBeGreaterThan(5);
  });
});

/** Addresses that the pages lead to, and how many places of the document itself. */
async function linksOf(pdf: Awaited<ReturnType<typeof getDocumentProxy>>) {
  const outer = new Set<string>();
  let inner = 0;
  for (let number = 1; number <= pdf.numPages; number += 1)
    for (const { url, dest } of await (await pdf.getPage(number)).getAnnotations()) {
      if (url) outer.add(url);
      if (dest) inner += 1;
    }
  return { outer, inner };
}

describe('printing without a browser', () => {
  it('says what to install', async () => {
    const failed = printPdf(renderReport(document), '/no/such/chromium');
    await expect(failed).rejects.toThrow(NoBrowser);
    await expect(failed).rejects.toThrow(/apt-get install chromium.*STEPDOWN_CHROMIUM/);
  });
});

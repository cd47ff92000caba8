import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { renderReport } from '../../src/report/report.ts';
import { closingDocument } from './closing-document.ts';

export const render = (over: Partial<ClosingDocument> = {}): string => renderReport(closingDocument(over));

/** What a reader sees, in one line. */
export const textOf = (report: string): string =>
  report
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ')
    .replace(/ ([,.;:])/g, '$1');

export const section = (report: string, id: string): string => {
  const from = report.indexOf(`<h2 id="${id}"`);
  return textOf(report.slice(from, report.indexOf('<h2 id', from + 1)));
};

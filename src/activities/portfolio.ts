import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClosingDocument } from '../domain/engagement.ts';
import { portfolioJournal } from '../domain/ids.ts';
import { type MemberFigures, type PortfolioDocument, portfolioDocument } from '../domain/portfolio-document.ts';
import type { PortfolioState } from '../domain/portfolio-state.ts';
import { closedDocument, economicsAtKickOff } from '../evidence/closed-document.ts';
import { renderPortfolio } from '../report/portfolio.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import type { Journal } from '../storage/journal.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  journalOf: (engagement: string) => Journal;
  reportsFolder: string;
}

export const createPortfolioActivities = ({ artifacts, journalOf, reportsFolder }: Dependencies) => {
  async function figuresOf(engagement: string): Promise<[string, MemberFigures][]> {
    const entries = await journalOf(engagement).entries();
    const closed = closedDocument(entries);
    if (!closed) return [];
    const document = await artifacts.readJson<ClosingDocument>(closed);
    return [[engagement, { document, economics: economicsAtKickOff(entries) }]];
  }

  return {
    /** Writes the closing document of a portfolio and its page; a repeated call writes the same. */
    async writePortfolio(input: { state: PortfolioState; endedAt: string }): Promise<PortfolioDocument> {
      const { state, endedAt } = input;
      const report = join(reportsFolder, 'portfolios', `${state.name}.html`);
      const known = await Promise.all(state.entries.map(({ engagement }) => figuresOf(engagement)));
      const document = portfolioDocument(state, new Map(known.flat()), { endedAt, report });
      await mkdir(dirname(report), { recursive: true });
      await writeAtomically(report, renderPortfolio(document));
      const kept = { document: await artifacts.putJson(document), report: await artifacts.putFile(report) };
      await journalOf(portfolioJournal(state.name)).append('closing', 'closing', kept);
      return document;
    },
  };
};

export type PortfolioActivities = ReturnType<typeof createPortfolioActivities>;

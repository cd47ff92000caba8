import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createPortfolioActivities } from '../../src/activities/portfolio.ts';
import type { CommandError } from '../../src/cli/errors.ts';
import { memberOf, readPortfolio, readWholePortfolio } from '../../src/cli/portfolio-file.ts';
import { entryOf, type PortfolioState } from '../../src/domain/portfolio-state.ts';
import { servingCost } from '../../src/domain/serving-cost.ts';
import { composeMail } from '../../src/report/mail.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { closingDocument, economics, loadTest } from '../domain/closing-document.ts';
import { spec, specDocument } from '../workflows/fakes.ts';
import { ref } from '../workflows/measured.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepdown-portfolio-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A specification with its files in a folder of its own. */
function write(name: string, changes: Record<string, unknown> = {}): string {
  mkdirSync(join(folder, name));
  const roles = ['calibration', 'selection', 'holdout', 'production'];
  const data = { columns: {}, ...Object.fromEntries(roles.map((role) => [role, `${role}.jsonl`])) };
  for (const file of [...roles.map((role) => `${role}.jsonl`), 'm.onnx', 't.json'])
    writeFileSync(join(folder, name, file), file);
  const document = specDocument(name, { package: 'enterprise', data, ...changes });
  writeFileSync(join(folder, name, 'engagement.yaml'), stringify(document));
  return `${name}/engagement.yaml`;
}

function portfolio(document: object): string {
  const path = join(folder, 'portfolio.yaml');
  writeFileSync(path, stringify(document));
  return path;
}

describe('a portfolio file', () => {
  it('is read with every specification that it names', async () => {
    const bill = { traffic: 100, hardware: 'g4dn.xlarge', monthlyCost: 4_600, acceptOldPrices: true };
    const engagements = [write('a'), write('b', { economics: bill })];
    const { members } = readWholePortfolio(portfolio({ name: 'p', engagements }));
    expect(members.map(({ spec, at }) => [spec.engagement, at])).toEqual([
      ['a', 'engagements.0'],
      ['b', 'engagements.1'],
    ]);
    const [a, b] = await Promise.all(members.map((member) => memberOf(member, join(folder, 'artifacts'))));
    expect(a!.projected).toBeNull();
    expect(b!.projected!.p90).toBeGreaterThan(0);
    expect(b!.sources.model.sha256).toHaveLength(64);
  });

  it('tells the mistakes of all specifications together', () => {
    const engagements = [write('a', { quality: {} }), write('b', { package: 'express' }), 'c/engagement.yaml'];
    const path = portfolio({ name: 'p', engagements });
    const { problems } = readPortfolio(path);
    expect(problems.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['engagements.0.quality.metric', 'engagements.1.package', 'engagements.2'])
    );
    try {
      readWholePortfolio(path);
      expect.unreachable();
    } catch (error) {
      const { message, exitCode, details } = error as CommandError;
      expect(exitCode).toBe(2);
      expect(message).toContain('nothing was started');
      expect(message).toContain('engagements.1.package: "express": has no portfolio; write enterprise');
      expect(details).toEqual({ problems });
    }
  });
});

describe('the end of a portfolio', () => {
  const state = (): PortfolioState => ({
    name: 'acme',
    client: '<b>Acme</b>',
    startedAt: '2026-01-01T00:00:00.000Z',
    concurrency: 2,
    budgetMs: 3_600_000,
    paused: false,
    closing: true,
    entries: ['a', 'b'].map((name) =>
      entryOf({ spec: spec(name, { package: 'enterprise' }), sources: { model: ref('m'), data: {} }, projected: null })
    ),
    orders: [{ command: 'concurrency', to: 2, by: 'ana', comment: 'hurry', at: '2026-01-02T00:00:00.000Z' }],
    journaled: 1,
  });

  it('is a document and a page, from the reports of its engagements alone', async () => {
    const artifacts = new ArtifactStore(join(folder, 'artifacts'));
    const journalOf = (name: string) => new Journal(join(folder, 'journals'), name);
    const loadTests = { baseline: loadTest(80), optimized: loadTest(190) };
    const cost = servingCost(economics(), { baseline: loadTests.baseline, chosen: loadTests.optimized })!;
    await journalOf('a').append('kick-off', 'kick-off', { sources: { economics: economics() } });
    const document = await artifacts.putJson(closingDocument({ engagement: 'a', loadTests, cost }));
    await journalOf('a').append('closing', 'closing', { document });
    const { writePortfolio } = createPortfolioActivities({ artifacts, journalOf, reportsFolder: folder });
    const given = state();
    Object.assign(given.entries[0]!, { state: 'closed', verdict: 'successful', reason: 'it holds', spentMs: 60_000 });
    Object.assign(given.entries[1]!, { state: 'left-out' });
    const closed = await writePortfolio({ state: given, endedAt: '2026-02-01T00:00:00.000Z' });
    expect(closed).toMatchObject({ standing: 'closed', verdicts: { successful: 1 }, next: { engagement: 'b' } });
    expect(closed.saving).toEqual({ ...cost.range!.savingUsd, of: 1 });
    expect(closed.budget).toMatchObject({ usedMs: 60_000 });
    const page = readFileSync(closed.report!, 'utf8');
    expect(page).toContain('&lt;b&gt;Acme&lt;/b&gt;');
    expect(page).toContain('hurry');
    expect(await writePortfolio({ state: given, endedAt: '2026-02-01T00:00:00.000Z' })).toEqual(closed);
    expect((await journalOf('portfolios/acme').entries()).map(({ event }) => event)).toEqual(['closing']);
  });

  it('is put off where the budget is used up: people are told how to go on', () => {
    const to = [{ name: 'Ana', email: 'ana@example.org' }];
    const told = { portfolio: 'acme', budgetMs: 12 * 3_600_000, waiting: ['b', 'c'], to };
    const { subject, text } = composeMail({ kind: 'portfolio-budget-used', ...told });
    expect(subject).toBe('Budget used up: portfolio acme, 2 not started');
    expect(text).toContain('12 hours, is used up');
    expect(text).toContain('npx stepdown portfolio budget acme');
  });
});

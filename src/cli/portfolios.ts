import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Config } from '../config.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { portfolioId, QUEUES } from '../domain/ids.ts';
import { type MemberFigures, type PortfolioDocument, portfolioDocument } from '../domain/portfolio-document.ts';
import type { PortfolioMember } from '../domain/portfolio-members.ts';
import type { PortfolioState } from '../domain/portfolio-state.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { counted } from '../domain/units.ts';
import { closedDocument, economicsAtKickOff } from '../evidence/closed-document.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { Journal } from '../storage/journal.ts';
import { type PortfolioCommandInput, portfolioQuery, portfolioUpdate } from '../workflows/messages.ts';
import { portfolio } from '../workflows/portfolio.ts';
import { portfolioAttributes } from '../workflows/search-attributes.ts';
import { answered } from './connection.ts';
import { documentSoFar } from './document.ts';
import { anotherName, earlier, standing, statusOf } from './engagements.ts';
import { CommandError, EXIT, NotFound } from './errors.ts';
import { memberOf, type PortfolioFile, portfolioUsage } from './portfolio-file.ts';
import { checkRows } from './prepared.ts';
import { mistakesIn, type SpecFile } from './spec-file.ts';

type Folders = Config['folders'];

/** Starts a portfolio, or tells all that is wrong with any of its engagements and starts nothing. */
export async function startPortfolio(
  client: Client,
  { portfolio: plan, members, problems }: PortfolioFile & { problems: SpecProblem[] },
  { folders, startedBy, onProgress }: { folders: Folders; startedBy: string; onProgress?: (line: string) => void }
): Promise<void> {
  const taken = await Promise.all(members.map(({ spec, at }) => takenName(client, spec.engagement, at)));
  const all = [...problems, ...taken.flat()];
  for (const member of members) all.push(...(await unusable(member, member.at, onProgress)));
  if (all.length > 0) throw portfolioUsage(all);
  const given: PortfolioMember[] = [];
  for (const member of members) given.push(await memberOf(member, folders.artifacts));
  const { name, concurrency, budget } = plan;
  try {
    await client.workflow.start(portfolio, {
      workflowId: portfolioId(name),
      taskQueue: QUEUES.engagement,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      staticSummary: `portfolio of ${counted(members.length, 'model')}`,
      typedSearchAttributes: portfolioAttributes(name, plan.client),
      args: [{ name, client: plan.client, concurrency, budgetMs: budget, members: given, startedBy }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const next = `see \`stepdown portfolio status ${name}\`, or give the new one another name under 'name:'`;
    throw new CommandError(EXIT.refused, `portfolio '${name}' exists already`, next);
  }
}

/** One to add to a portfolio that runs; refused where its name is taken or its model and rows cannot be used. */
export async function newMember(
  client: Client,
  file: SpecFile,
  { folders, at, onProgress }: { folders: Folders; at: string; onProgress?: (line: string) => void }
): Promise<PortfolioMember> {
  const problems = await takenName(client, file.spec.engagement, at);
  if (problems.length === 0) problems.push(...(await unusable(file, at, onProgress)));
  if (problems.length > 0) throw portfolioUsage(problems);
  return memberOf(file, folders.artifacts);
}

async function unusable(file: SpecFile, at: string, onProgress?: (line: string) => void): Promise<SpecProblem[]> {
  const said = (line: string) => onProgress?.(`${file.spec.engagement}: ${line}`);
  const problems = await checkRows(file, said).then(() => [], mistakesIn);
  return problems.map((problem) => ({ ...problem, path: `${at}.${problem.path}` }));
}

/** A problem where an engagement of this name runs or has run. */
async function takenName(client: Client, name: string, at: string): Promise<SpecProblem[]> {
  const found = await earlier(client, name);
  if (!found) return [];
  return [{ path: `${at}.engagement`, value: name, message: `${standing(found)}; ${anotherName(name)}` }];
}

export async function commandPortfolio(
  client: Client,
  name: string,
  input: PortfolioCommandInput
): Promise<PortfolioState> {
  const handle = client.workflow.getHandle(portfolioId(name));
  return answered(client, () => handle.executeUpdate(portfolioUpdate, { args: [input] })).catch(named(name));
}

/** Where a portfolio stands, as its closing document would say it now. */
export async function portfolioStatus(client: Client, folders: Folders, name: string): Promise<PortfolioDocument> {
  const handle = client.workflow.getHandle<typeof portfolio>(portfolioId(name));
  const state = await answered(client, () => handle.query(portfolioQuery)).catch(named(name));
  const started = state.entries.filter(({ startedAt }) => startedAt !== undefined);
  const figures = await Promise.all(started.map(({ engagement }) => figuresOf(client, folders, engagement)));
  const { status } = await handle.describe();
  const closed = status.name === 'COMPLETED' ? await handle.result() : undefined;
  return closed ?? portfolioDocument(state, new Map(figures.flat()));
}

/** From the files where it has closed; as it would be if it ended now where it runs and a worker answers. */
async function figuresOf(client: Client, folders: Folders, name: string): Promise<[string, MemberFigures][]> {
  const journal = new Journal(folders.journals, name);
  const entries = await journal.entries();
  const closed = closedDocument(entries);
  const document = closed
    ? await new ArtifactStore(folders.artifacts).readJson<ClosingDocument>(closed)
    : await statusOf(client, name).then(
        ({ state }) => documentSoFar(journal.path, entries, state),
        () => undefined
      );
  return document ? [[name, { document, economics: economicsAtKickOff(entries) }]] : [];
}

const named = (name: string) => (error: unknown) => {
  throw error instanceof NotFound
    ? new NotFound(`there is no portfolio '${name}'`, 'see `stepdown portfolio list`')
    : error;
};

export interface PortfolioRow {
  portfolio: string;
  client: string | null;
  startedAt: string;
  status: string;
}

/** All portfolios within the namespace's retention, newest first; no worker is asked. */
export async function listPortfolios(client: Client): Promise<PortfolioRow[]> {
  const rows: PortfolioRow[] = [];
  for await (const found of client.workflow.list({ query: "WorkflowType = 'portfolio'" })) {
    const attribute = (name: string) => found.typedSearchAttributes.get(defineSearchAttributeKey(name, 'KEYWORD'));
    if (rows.some(({ portfolio }) => portfolioId(portfolio) === found.workflowId)) continue; // of an earlier run
    rows.push({
      portfolio: attribute('Portfolio') ?? found.workflowId,
      client: attribute('Client') ?? null,
      startedAt: found.startTime.toISOString(),
      status: found.status.name.toLowerCase(),
    });
  }
  return rows;
}

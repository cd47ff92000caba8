import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import { PHASES, type Phase } from '../domain/engagement.ts';
import { writeGuidePage } from '../evidence/guide.ts';
import { renderPhase } from '../report/phase.ts';
import { renderServiceLevel, whyNoServiceLevel } from '../report/service-level-report.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import { documentOf } from './document.ts';
import { CommandError, EXIT } from './errors.ts';
import { entriesOf } from './journals.ts';
import { addPageFiles, type PageFiles, writePageFiles } from './page-files.ts';
import { print } from './print.ts';

interface ReportOptions extends PageFiles {
  phase?: Phase;
  week?: number;
  deployment?: boolean;
  serviceLevel?: boolean;
}

export function addReport(program: Command): void {
  const command = program
    .command('report')
    .description(
      'the closing report, the one of a phase or of a week of support, or the deployment guide: its path, and as PDF'
    )
    .argument('<engagement>')
    .addOption(new Option('--phase <phase>', 'of one phase, also while the engagement runs').choices(PHASES))
    .addOption(new Option('--week <number>', 'one of the support window').argParser(weekNumber).conflicts('phase'))
    .addOption(
      new Option('--deployment', 'how to serve what the optimization gate released').conflicts(['phase', 'week'])
    )
    .addOption(
      new Option('--service-level', 'the support window against its targets').conflicts(['phase', 'week', 'deployment'])
    )
    .addHelpText(
      'after',
      '\nExamples:\n  stepdown report newswire --pdf newswire.pdf\n  stepdown report newswire --phase ptq --pdf ptq.pdf\n' +
        '  stepdown report newswire --week 1\n  stepdown report newswire --deployment --pdf serve.pdf'
    );
  addPageFiles(command).action(async (name: string, options: ReportOptions, command: Command) => {
    const config = loadConfig();
    const found = await foundFor(config, name, options);
    const written = await writePageFiles(readFileSync(found.report, 'utf8'), options, config);
    const paths = [found.report, ...Object.values(written)];
    print(command, { ...found, ...written }, () => paths.join('\n'));
  });
}

function weekNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('give the number of a report, such as 1');
  return Number(text);
}

async function foundFor(config: Config, name: string, options: ReportOptions): Promise<{ report: string }> {
  if (options.deployment) return guideOf(config, name);
  return { report: options.serviceLevel ? await serviceLevelOf(config, name) : await pathOf(config, name, options) };
}

async function serviceLevelOf({ folders }: Config, name: string): Promise<string> {
  const document = await documentOf(folders, name);
  const why = whyNoServiceLevel(document);
  if (why)
    throw new CommandError(EXIT.refused, `${name} has no service level report: ${why}`, `see stepdown status ${name}`);
  const path = join(folders.reports, `${name}-service-level.html`);
  await writeAtomically(path, renderServiceLevel(document));
  return path;
}

async function guideOf({ folders }: Config, name: string): Promise<{ report: string; guide: DeploymentGuide }> {
  const document = await documentOf(folders, name);
  const written = await writeGuidePage(document, new ArtifactStore(folders.artifacts), folders.reports);
  if (!written)
    throw new CommandError(
      EXIT.refused,
      `${name} has no deployment guide`,
      `it is written when the optimization gate lets a candidate pass: stepdown status ${name}`
    );
  return written;
}

async function pathOf({ folders }: Config, name: string, { phase, week }: ReportOptions): Promise<string> {
  if (phase) {
    const path = join(folders.reports, `${name}-phase-${phase}.html`);
    await writeAtomically(path, renderPhase(await documentOf(folders, name), phase));
    return path;
  }
  const path = week ? weekPath(folders.reports, name, week) : join(folders.reports, `${name}.html`);
  if (path && existsSync(path)) return path;
  await entriesOf(folders, name);
  throw week
    ? new CommandError(
        EXIT.refused,
        `${name} has no support report ${week}`,
        `stepdown support status ${name} has those it has`
      )
    : new CommandError(
        EXIT.refused,
        `${name} has no report yet`,
        `it is written when the engagement closes: stepdown watch ${name}; or see one phase with --phase`
      );
}

/** Of the last run of the window that had it. */
function weekPath(folder: string, name: string, week: number): string | undefined {
  const ends = new RegExp(`^${name}-support(-run-(\\d+))?-week-${week}\\.html$`);
  const found = existsSync(folder) ? readdirSync(folder).filter((file) => ends.test(file)) : [];
  const run = (file: string) => Number(ends.exec(file)?.[2] ?? 1);
  const last = found.sort((a, b) => run(a) - run(b)).at(-1);
  return last && join(folder, last);
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { PHASES, type Phase } from '../domain/engagement.ts';
import { renderPhase } from '../report/phase.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import { documentOf } from './document.ts';
import { CommandError, EXIT } from './errors.ts';
import { addPageFiles, type PageFiles, writePageFiles } from './page-files.ts';
import { print } from './print.ts';

interface ReportOptions extends PageFiles {
  phase?: Phase;
  week?: number;
}

export function addReport(program: Command): void {
  const command = program
    .command('report')
    .description('the closing report, or the one of a phase or of a week of support: its path, and as PDF')
    .argument('<engagement>')
    .addOption(new Option('--phase <phase>', 'of one phase, also while the engagement runs').choices(PHASES))
    .addOption(new Option('--week <number>', 'one of the support window').argParser(weekNumber).conflicts('phase'))
    .addHelpText(
      'after',
      '\nExamples:\n  stepdown report newswire --pdf newswire.pdf\n  stepdown report newswire --phase ptq --pdf ptq.pdf\n' +
        '  stepdown report newswire --week 1'
    );
  addPageFiles(command).action(async (name: string, options: ReportOptions, command: Command) => {
    const config = loadConfig();
    const report = await pathOf(config, name, options);
    const written = await writePageFiles(readFileSync(report, 'utf8'), options, config);
    print(command, { report, ...written }, () => [report, ...Object.values(written)].join('\n'));
  });
}

function weekNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('give the number of a report, such as 1');
  return Number(text);
}

async function pathOf({ folders }: Config, name: string, { phase, week }: ReportOptions): Promise<string> {
  if (phase) {
    const path = join(folders.reports, `${name}-phase-${phase}.html`);
    await writeAtomically(path, renderPhase(await documentOf(folders, name), phase));
    return path;
  }
  const path = week ? weekPath(folders.reports, name, week) : join(folders.reports, `${name}.html`);
  if (path && existsSync(path)) return path;
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

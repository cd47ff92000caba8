import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { type Assessment, assess } from '../domain/assessment.ts';
import { parseAssessment } from '../domain/assessment-input.ts';
import { assessGiven, type GivenAssessment, isGivenCase } from '../domain/given-case.ts';
import type { Lap } from '../domain/lap.ts';
import { type ModelSize, modelSizes } from '../domain/large-model.ts';
import { datePrice, findPrice, type PriceRow } from '../domain/prices.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { isScored } from '../domain/tasks.ts';
import { renderAssessment } from '../report/assessment.ts';
import { renderGivenCase } from '../report/given-case.ts';
import {
  type AssessOptions,
  addAssessOptions,
  DEFAULT_HARDWARE,
  requestOf,
  shapeOf,
  unreadTraffic,
} from './assess-options.ts';
import { assessmentText, givenText } from './assess-text.ts';
import { CommandError, EXIT } from './errors.ts';
import { int8Lap } from './int8-lap.ts';
import { addPageFiles, writePageFiles } from './page-files.ts';
import { readPriceFile } from './price-file.ts';
import { print } from './print.ts';
import { problemLines, readSpecFile, type SpecFile } from './spec-file.ts';
import { readYaml } from './yaml-file.ts';

export function addAssessment(program: Command): void {
  const command = program
    .command('assess')
    .description(
      'what serving costs today, and what INT8 would save, with every assumption; a model gets a quick measured lap'
    )
    .argument('[spec]', 'an engagement.yaml, or an assessment.yaml with the figures of a case');
  addAssessOptions(addPageFiles(command)).action(
    async (path: string | undefined, options: AssessOptions, command: Command) => {
      const document = path === undefined ? undefined : readYaml(path, refused);
      if (isGivenCase(document)) {
        const { assessment } = accepted(assessGiven(document));
        await writePageFiles(renderGivenCase(assessment), options, loadConfig());
        return print(command, assessment satisfies GivenAssessment, () => givenText(assessment));
      }
      const file = path === undefined ? null : readSpecFile(path);
      if (file && options.lap && isScored(file.spec.quality))
        throw refused([
          {
            path: 'model.task',
            value: file.spec.model.task,
            message: 'the quick lap knows classes only; give --no-lap, or start the engagement, which scores answers',
          },
        ]);
      const assess = assessor(options, file && modelOf(file), new Date());
      const assessment = assess(file && options.lap ? await int8Lap(file, tell) : null);
      await writePageFiles(renderAssessment(assessment), options, loadConfig());
      print(command, assessment, () => assessmentText(assessment));
    }
  );
}

/** Refuses what is wrong with the options at once, before anything takes minutes. */
function assessor(options: AssessOptions, model: Assessment['model'], now: Date): (lap: Lap | null) => Assessment {
  const { rows } = accepted(readPriceFile(options.prices));
  const { hardware: instance = DEFAULT_HARDWARE, region, acceptOldPrices: acceptOld = false } = options;
  const { row } = accepted(findPrice(rows, { instance, region }));
  const { price } = accepted(datePrice(row, { now, acceptOld }), noted(' (--prices, --accept-old-prices)'));
  const unread = unreadTraffic(options.traffic);
  const { input } = accepted(parseAssessment(requestOf(options), price), (problem) =>
    byOption(unread && problem.path === 'traffic' ? { ...problem, message: unread } : problem)
  );
  const given = new Set(Object.keys(options).map(optionName));
  const sizes = sizesOf(options, rows);
  return (lap) => assess({ input, given, price, now, model, lap, sizes });
}

const tell = (step: string) => void process.stderr.write(`quick INT8 lap: ${step}\n`);

function sizesOf(options: AssessOptions, rows: PriceRow[]): ModelSize[] | null {
  const shape = shapeOf(options);
  if (!shape) return null;
  const withGpu = rows.filter(({ gpuCount }) => gpuCount > 0);
  return modelSizes(shape, withGpu, { memoryReserve: options.memoryReserve });
}

function modelOf({ spec, files }: SpecFile): Assessment['model'] {
  const parts = files.folder ? Object.values(files.folder) : [files.model];
  return { name: spec.model.name, sizeBytes: parts.reduce((total, part) => total + statSync(part).size, 0) };
}

function accepted<T extends object>(
  result: T | { problems: SpecProblem[] },
  named = (problem: SpecProblem): SpecProblem => problem
): T {
  if ('problems' in result) throw refused(result.problems.map(named));
  return result;
}

const noted = (options: string) => (problem: SpecProblem) => ({ ...problem, message: problem.message + options });

/** By the option that has it. */
function byOption({ path, ...problem }: SpecProblem): SpecProblem {
  const [field, ...rest] = path.split('.');
  return { path: [field === 'extras' ? '--extra' : optionName(field!), ...rest].join('.'), ...problem };
}

function refused(problems: SpecProblem[]): CommandError {
  return new CommandError(
    EXIT.usage,
    `nothing was assessed\n${problemLines(problems)}`,
    'stepdown assess --help has every option and an example',
    { problems }
  );
}

/** `monthlyCost` as it is written on the command line. */
const optionName = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

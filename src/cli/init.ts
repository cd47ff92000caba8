import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { PACKAGES } from '../domain/packages.ts';
import { parseSpec } from '../domain/spec.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { suggestedSpec } from '../domain/suggested-spec.ts';
import { type BesideModel, readBesideModel } from './beside-model.ts';
import { CommandError, EXIT } from './errors.ts';
import { byFlag, type InitAnswers, knownFrom, problemsOfSetting, SETTINGS, type Setting } from './init-settings.ts';
import { print } from './print.ts';
import { checkSpec, problemLines } from './spec-file.ts';
import { specText } from './spec-text.ts';

interface InitOptions extends InitAnswers {
  out?: string;
  yes?: boolean;
}

const EXAMPLES = `
Examples:
  stepdown init build/model.onnx
  stepdown init model.onnx --yes --client Acme --approver "Ana <ana@example.org>"
  stepdown init model.onnx --package express --margin 0.5 --slo 50 --slice topic --traffic 200 --hardware c6id.2xlarge`;

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('write a specification from a model file: reads its inputs and what lies beside it, asks for the rest')
    .argument('<model>', 'an ONNX file')
    .option('--out <file>', 'where to write it (default: engagement.yaml beside the model)');
  for (const setting of SETTINGS) command.addOption(optionOf(setting));
  command
    .option('--yes', 'ask nothing: flags, then what is suggested')
    .addHelpText('after', EXAMPLES)
    .action(async (model: string, options: InitOptions, command: Command) => {
      if (!existsSync(model))
        throw new CommandError(EXIT.usage, `${model}: there is no such file`, 'give the path of an ONNX file');
      const out = resolve(options.out ?? join(dirname(model), 'engagement.yaml'));
      if (existsSync(out))
        throw new CommandError(EXIT.refused, `${out} is there already`, 'give another place with --out');
      const folder = dirname(out);
      const found = await readBesideModel(resolve(model), folder);
      const documentOf = (answers: InitAnswers) => suggestedSpec(knownFrom(answers, found, folder));
      const problemsOf = (answers: InitAnswers) => {
        const checked = checkSpec(documentOf(answers), folder, () => true);
        return 'problems' in checked ? checked.problems : [];
      };
      const answers = options.yes || !isPerson(command) ? options : await asked(options, found, problemsOf);
      const document = documentOf(answers);
      const parsed = parseSpec(document);
      if ('problems' in parsed) throw incomplete(parsed.problems);
      mkdirSync(folder, { recursive: true });
      writeFileSync(out, specText(document, found), { flag: 'wx' });
      const problems = problemsOf(answers);
      print(command, { spec: out, engagement: document.engagement, problems }, () => saidOf(out, problems));
    });
}

function optionOf({ answer, flag, about }: Setting): Option {
  const option = new Option(flag, about);
  if (answer === 'package') option.choices(Object.keys(PACKAGES));
  if (answer === 'slice') option.argParser((column: string, known: string[] = []) => [...known, column]);
  return option;
}

const isPerson = (command: Command) => process.stdin.isTTY || !command.optsWithGlobals().json;

function incomplete(problems: SpecProblem[]): CommandError {
  const lines = problemLines(problems.map(byFlag));
  const next = 'give these flags, or leave --yes out and answer; stepdown init --help has every flag';
  return new CommandError(EXIT.usage, `nothing was written\n${lines}`, next, { problems });
}

function saidOf(out: string, problems: SpecProblem[]): string {
  if (problems.length === 0)
    return `wrote ${out}\ncheck it and its rows with: stepdown start ${out} --dry-lap\nkick it off with: stepdown start ${out}`;
  return `wrote ${out}\nstill to be put right:\n${problemLines(problems)}`;
}

/** Enter takes what is suggested; what cannot be used is asked again. Ends early where nobody answers any more. */
async function asked(
  options: InitOptions,
  found: BesideModel,
  problemsOf: (answers: InitAnswers) => SpecProblem[]
): Promise<InitAnswers> {
  const person = createInterface({ input: process.stdin, output: process.stderr });
  const lines = person[Symbol.asyncIterator]();
  const say = (text: string) => void process.stderr.write(text);
  let answers: InitAnswers = options;
  for (const setting of SETTINGS) {
    const wrongWith = (answers: InitAnswers) => problemsOfSetting(problemsOf(answers), setting);
    const isGiven = options[setting.answer] !== undefined;
    const wrong = isGiven ? wrongWith(answers) : [];
    if (isGiven ? wrong.length === 0 : !setting.question || !fits(found, setting)) continue;
    if (wrong.length > 0) say(`${problemLines(wrong.map(byFlag))}\n`);
    const usual = usualOf(found, setting);
    for (;;) {
      say(`${setting.question ?? setting.about}${usual ? ` [${usual}]` : ''}: `);
      const { value, done } = await lines.next();
      if (done) {
        person.close();
        return answers;
      }
      const next = { ...answers, [setting.answer]: answerOf(setting, value.trim()) };
      const problems = wrongWith(next);
      if (problems.length === 0) {
        answers = next;
        break;
      }
      say(`${problemLines(problems)}\n`);
    }
  }
  person.close();
  return answers;
}

/** Only a classifier has labels. */
const fits = (found: BesideModel, { answer }: Setting): boolean =>
  answer !== 'labels' || 'labels' in suggestedSpec(found).model;

/** Nothing typed is nothing said. */
function answerOf({ answer }: Setting, text: string): InitAnswers[keyof InitAnswers] {
  if (text === '') return undefined;
  return answer === 'slice' ? text.split(',').map((column) => column.trim()) : text;
}

/** What stands in the specification where nothing is said. */
function usualOf(found: BesideModel, { path }: Setting): string {
  const value = path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], suggestedSpec(found));
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : isTexts(value)
      ? value.join(', ')
      : '';
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { PACKAGES, type PackageName } from '../domain/packages.ts';
import { parseSpec } from '../domain/spec.ts';
import { type Known, suggestedSpec } from '../domain/suggested-spec.ts';
import { type BesideModel, readBesideModel } from './beside-model.ts';
import { CommandError, EXIT } from './errors.ts';
import { print } from './print.ts';
import { checkSpec, problemLines } from './spec-file.ts';
import { specText } from './spec-text.ts';

interface InitOptions {
  out?: string;
  name?: string;
  client?: string;
  package?: PackageName;
  tokenizer?: string;
  labels?: string;
  maxLength?: string;
  approver?: string;
  yes?: boolean;
}

/** What is asked, by its option. */
const QUESTIONS: [keyof InitOptions, string][] = [
  ['name', 'Name of the engagement'],
  ['client', 'Client'],
  ['package', `Package (${Object.keys(PACKAGES).join(', ')})`],
  ['tokenizer', 'Tokenizer (tokenizer.json)'],
  ['labels', 'Labels: a JSON file, or the names in the order of the logits, with commas'],
  ['maxLength', 'Longest row, tokens'],
  ['approver', 'Who decides at the gates: Name <mail@address>'],
];

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a specification from a model file: reads its inputs and what lies beside it, asks for the rest')
    .argument('<model>', 'an ONNX file')
    .option('--out <file>', 'where to write it (default: engagement.yaml beside the model)')
    .option('--name <name>', 'of the engagement')
    .option('--client <name>', 'who it is for')
    .addOption(new Option('--package <name>', 'what was bought').choices(Object.keys(PACKAGES)))
    .option('--tokenizer <file>', 'a tokenizer.json')
    .option('--labels <file or names>', 'a JSON list, or names with commas, in the order of the logits')
    .option('--max-length <tokens>', 'of a row')
    .option('--approver <person>', 'who decides at the gates: "Ana Ruiz <ana@example.org>"')
    .option('--yes', 'ask nothing: flags, then what is suggested')
    .addHelpText(
      'after',
      '\nExamples:\n  stepdown init build/model.onnx\n  stepdown init model.onnx --yes --client Acme --approver "Ana <ana@example.org>"'
    )
    .action(async (model: string, options: InitOptions, command: Command) => {
      if (!existsSync(model))
        throw new CommandError(EXIT.usage, `${model}: there is no such file`, 'give the path of an ONNX file');
      const out = resolve(options.out ?? join(dirname(model), 'engagement.yaml'));
      if (existsSync(out))
        throw new CommandError(EXIT.refused, `${out} is there already`, 'give another place with --out');
      const found = await readBesideModel(resolve(model), dirname(out));
      const answers = options.yes || !isPerson(command) ? options : await asked(options, found);
      const document = suggestedSpec(knownFrom(answers, found, dirname(out)));
      const parsed = parseSpec(document);
      if ('problems' in parsed)
        throw new CommandError(
          EXIT.usage,
          `nothing was written\n${problemLines(parsed.problems)}`,
          'give what is missing as an option: stepdown init --help',
          { problems: parsed.problems }
        );
      writeFileSync(out, specText(document, found), { flag: 'wx' });
      const checked = checkSpec(document, dirname(out), () => true);
      const problems = 'problems' in checked ? checked.problems : [];
      print(command, { spec: out, engagement: document.engagement, problems }, () => saidOf(out, problems));
    });
}

const isPerson = (command: Command) => process.stdin.isTTY || !command.optsWithGlobals().json;

function saidOf(out: string, problems: Parameters<typeof problemLines>[0]): string {
  if (problems.length === 0)
    return `wrote ${out}\ncheck it and its rows with: stepdown start ${out} --dry-lap\nkick it off with: stepdown start ${out}`;
  return `wrote ${out}\nstill to be put right:\n${problemLines(problems)}`;
}

/** Enter takes what is suggested. */
async function asked(options: InitOptions, found: BesideModel): Promise<InitOptions> {
  const answers: Record<string, unknown> = { ...options };
  const suggested = suggestedSpec(found);
  const usual: Partial<Record<keyof InitOptions, string>> = {
    name: suggested.engagement,
    package: suggested.package,
    tokenizer: suggested.model.tokenizer,
    labels: String(suggested.model.labels),
    maxLength: String(suggested.model.maxLength),
  };
  const person = createInterface({ input: process.stdin, output: process.stderr });
  const lines = person[Symbol.asyncIterator]();
  for (const [option, question] of QUESTIONS) {
    if (options[option] !== undefined) continue;
    process.stderr.write(`${question}${usual[option] ? ` [${usual[option]}]` : ''}: `);
    const { value = '' } = await lines.next();
    if (String(value).trim()) answers[option] = String(value).trim();
  }
  person.close();
  return answers;
}

/** Files that are there as they were named are written as they are found from the specification. */
function knownFrom(options: InitOptions, found: BesideModel, at: string): Known {
  const { name, client, tokenizer, labels, maxLength } = options;
  const from = (file: string) => (existsSync(file) ? relative(at, resolve(file)).split(sep).join('/') : file);
  return {
    ...found,
    ...(name && { engagement: name, modelName: found.modelName ?? name }),
    client,
    package: options.package,
    ...(tokenizer && { tokenizer: from(tokenizer) }),
    ...(labels && { labels: labels.includes(',') ? labels.split(',').map((each) => each.trim()) : from(labels) }),
    ...(maxLength && { maxLength: Number(maxLength) }),
    ...(options.approver && { approver: personOf(options.approver) }),
  };
}

/** `Ana Ruiz <ana@example.org>`, or the address alone. */
function personOf(text: string): { name: string; email: string } {
  const [, name, address] = /^(.*)<([^>]+)>\s*$/.exec(text) ?? [];
  const email = (address ?? text).trim();
  return { name: name?.trim() || basename(email.split('@')[0]!), email };
}

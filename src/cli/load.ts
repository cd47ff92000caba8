import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LoadScenario } from '../domain/load/verdict.ts';
import { CommandError, EXIT } from './errors.ts';
import { type LoadReport, type LoadRequest, playLoad } from './load-play.ts';
import { print } from './print.ts';
import { readSpecFile } from './spec-file.ts';

const SCENARIOS: LoadScenario[] = ['single-stream', 'multi-stream', 'server', 'offline'];

interface Options extends Omit<LoadRequest, 'against'> {
  against?: string;
}

export function addLoad(program: Command): void {
  program
    .command('load')
    .description('how fast and how many: plays load against a model on this host, or against a server')
    .argument('<spec>', 'an engagement.yaml; its selection rows are asked')
    .option('--endpoint <url>', 'a server of the Open Inference Protocol v2; the model of the specification otherwise')
    .option('--model <name>', 'its name there; the one of the specification otherwise')
    .addOption(
      new Option('--scenario <name>', 'one run; the largest rate at the service level is searched otherwise').choices(
        SCENARIOS
      )
    )
    .option('--queries <n>', 'of one run', whole, 1_000)
    .option('--rate <rps>', 'of Poisson arrivals, for the server scenario and --against', positive)
    .option('--against <model.onnx>', 'another model: both under the same arrivals, block by block')
    .addHelpText(
      'after',
      `
Examples:
  stepdown load engagement.yaml                                     largest rate at the service level, on this host
  stepdown load engagement.yaml --scenario single-stream            latency of one query after the other
  stepdown load engagement.yaml --scenario server --rate 20         valid or not at 20 queries a second
  stepdown load engagement.yaml --endpoint http://127.0.0.1:8000    the same search against a server
  stepdown load engagement.yaml --against int8.onnx --rate 10       how much faster the other one is under load`
    )
    .action(async (path: string, options: Options, command: Command) => {
      refuseMixed(options);
      const file = readSpecFile(path);
      const report = await playLoad(file, options, (step) => void process.stderr.write(`load: ${step}\n`));
      print(command, report satisfies LoadReport, () => report.lines.join('\n'));
    });
}

function refuseMixed({ endpoint, model, scenario, rate, against }: Options): void {
  const refuse = (message: string, next: string) => {
    throw new CommandError(EXIT.usage, message, next);
  };
  if (against && (endpoint || scenario))
    refuse('--against compares two models on this host by itself', 'leave --endpoint and --scenario out');
  if ((against || scenario === 'server') && !rate)
    refuse(`--rate is missing: ${against ? '--against' : 'the server scenario'} needs one`, 'add --rate 10');
  if (rate && !against && scenario !== 'server')
    refuse(`--rate ${rate} belongs to the server scenario and to --against`, 'add --scenario server, or leave it out');
  if (model && !endpoint) refuse(`--model ${model} is a name at an endpoint`, 'add --endpoint <url>');
  if (against && !existsSync(against)) refuse(`--against ${against}: there is no such file`, 'give an ONNX file');
  if (endpoint && !URL.canParse(endpoint)) refuse(`--endpoint ${endpoint} is no URL`, 'give one as http://host:8000');
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value >= 20))
    throw new InvalidArgumentError('Give a whole number of at least 20.');
  return value;
}

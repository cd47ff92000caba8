import { readFileSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { AssessmentRequest } from '../domain/assessment-input.ts';
import type { ModelShape } from '../domain/large-model.ts';
import { numeric, readTraffic } from '../domain/traffic-trace.ts';
import type { PageFiles } from './page-files.ts';

export interface AssessOptions extends PageFiles {
  /** As it was typed. */
  traffic?: string;
  hardware?: string;
  region?: string;
  monthlyCost?: unknown;
  rate?: unknown;
  fee?: unknown;
  headroom?: unknown;
  speedup?: unknown;
  replicasPerGpu?: unknown;
  minimumReplicas?: unknown;
  spareReplicas?: unknown;
  extra?: { name: string; usdPerMonth: unknown }[];
  tokensPerRequest?: unknown;
  reclaimOverhead?: unknown;
  reserved?: boolean;
  spot?: boolean;
  prices?: string;
  acceptOldPrices?: boolean;
  modelParameters?: number;
  attention?: ModelShape['attention'];
  cachedTokens?: number;
  /** Of a GPU's memory, for activations and the runtime. */
  memoryReserve: number;
  /** False with `--no-lap`. */
  lap: boolean;
}

export const DEFAULT_HARDWARE = 't4-16gb';

const EXAMPLES = `
Examples:
  stepdown assess --traffic 100 --hardware g4dn.xlarge --monthly-cost 4600 --fee 5000
  stepdown assess --traffic week.csv --hardware c6id.2xlarge --rate 20 --html assessment.html --pdf assessment.pdf
  stepdown assess --traffic 5 --hardware a100-40gb --monthly-cost 2336 --model-parameters 7e9
  stepdown assess examples/newswire/engagement.yaml --traffic 200 --hardware c6id.2xlarge --rate 60
  stepdown assess examples/published-case/assessment.yaml`;

export function addAssessOptions(command: Command): Command {
  return command
    .option('--traffic <rps>', 'requests per second, or a file: one number for each of the 168 hours, or a trace')
    .option('--hardware <instance>', `instance type that serves today, from the price list (${DEFAULT_HARDWARE})`)
    .option('--region <name>', 'region of its price; the cheapest otherwise')
    .option('--monthly-cost <usd>', 'what serving costs a month', numeric)
    .option('--rate <rps>', 'what one replica sustains today; found from the cost otherwise', numeric)
    .option('--fee <usd>', 'what the engagement costs, for the payback', numeric)
    .option('--speedup <low,high>', '95 % range of the speed-up; published results otherwise', numbers)
    .option('--headroom <share>', 'share of the rate that production uses (0.7)', numeric)
    .option('--replicas-per-gpu <n>', 'replicas on one GPU or machine (1)', numeric)
    .option('--minimum-replicas <n>', 'replicas in an hour without traffic (1)', numeric)
    .option('--spare-replicas <n>', 'replicas kept idle (0)', numeric)
    .option('--extra <name=usd>', 'storage, egress or load balancer a month; may be repeated', extra)
    .option('--tokens-per-request <n>', 'for the cost of a million tokens', numeric)
    .option('--reserved', 'instances that always run have the reserved price of the list')
    .option('--spot', 'the others have the spot price of the list')
    .option('--reclaim-overhead <share>', 'of spot hours, paid twice because an instance was taken away (0.1)', numeric)
    .option('--no-lap', 'with a specification: do not measure INT8 on this host, which takes minutes')
    .option('--prices <file>', 'price list: CSV as ours or SkyPilot’s, JSON of ec2instances.info or Azure')
    .option('--accept-old-prices', 'use prices older than 90 days')
    .option('--model-parameters <n>', 'sizes, instances and prices of a model too large to run, such as 7e9', count)
    .option('--attention <layers,heads,dim>', 'its key-value heads, for the FP16 cache', attention)
    .option('--cached-tokens <n>', 'tokens in its cache at the same time', count)
    .option('--memory-reserve <share>', 'of a GPU’s memory, kept for activations and the runtime', share, 0.1)
    .addHelpText('after', EXAMPLES);
}

export function requestOf(options: AssessOptions): AssessmentRequest {
  const { extra: extras, traffic, ...rest } = options;
  const rates =
    traffic !== undefined && isFile(traffic) ? readTraffic(readFileSync(traffic, 'utf8')) : numeric(traffic ?? '');
  return { ...rest, traffic: traffic === undefined ? undefined : rates, extras };
}

export function shapeOf({ modelParameters, attention: heads, cachedTokens }: AssessOptions): ModelShape | null {
  if (modelParameters === undefined) return null;
  return { parameters: modelParameters, ...(heads && { attention: heads }), ...(cachedTokens && { cachedTokens }) };
}

const numbers = (text: string) => text.split(',').map(numeric);

/** Of traffic that is neither a number nor a file. */
export function unreadTraffic(text: string | undefined): string | undefined {
  if (text === undefined || typeof numeric(text) === 'number' || isFile(text)) return undefined;
  return 'is neither a number nor a file that is there; give requests per second, such as 200, or the path of a file';
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number above 0, such as 7e9.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError('Give a share such as 0.1, not a percentage.');
  return value;
}

function attention(text: string): ModelShape['attention'] {
  const [layers, keyValueHeads, headDimension, ...more] = text.split(',').map(count);
  if (layers === undefined || keyValueHeads === undefined || headDimension === undefined || more.length > 0)
    throw new InvalidArgumentError('Give layers, key-value heads and head dimension, such as 32,32,128.');
  return { layers, keyValueHeads, headDimension, bytesPerValue: 2 };
}

function extra(text: string, known: AssessOptions['extra'] = []): AssessOptions['extra'] {
  const [name, ...rest] = text.split('=');
  return [...known, { name: name!, usdPerMonth: numeric(rest.join('=')) }];
}

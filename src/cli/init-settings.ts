import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { PACKAGES } from '../domain/packages.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import type { Known } from '../domain/suggested-spec.ts';
import { numeric } from '../domain/traffic-trace.ts';
import type { BesideModel } from './beside-model.ts';

/** What a person says of a new engagement, as it was typed. */
export interface InitAnswers {
  name?: string;
  client?: string;
  package?: string;
  tokenizer?: string;
  labels?: string;
  maxLength?: string;
  margin?: string;
  slo?: string;
  approver?: string;
  sliceMargin?: string;
  sloPercentile?: string;
  threads?: string;
  slice?: string[];
  calibrationRows?: string;
  calibrationMethod?: string;
  traffic?: string;
  hardware?: string;
  quickLoadTest?: boolean;
}

export interface Setting {
  answer: keyof InitAnswers;
  flag: string;
  about: string;
  /** Of the specification. */
  path: string;
  /** What is asked where no flag says it; the others are said by their flags alone. */
  question?: string;
}

const PACKAGE_QUESTION =
  'Package: express (quantize and prove), professional (also INT4, training, rollout), enterprise (also a service level)';

export const SETTINGS: Setting[] = [
  {
    answer: 'name',
    flag: '--name <name>',
    about: 'of the engagement',
    path: 'engagement',
    question: 'Name of the engagement',
  },
  {
    answer: 'client',
    flag: '--client <name>',
    about: 'who it is for',
    path: 'client.name',
    question: 'Client, who it is for',
  },
  {
    answer: 'package',
    flag: '--package <name>',
    about: `what was bought: ${Object.keys(PACKAGES).join(', ')}`,
    path: 'package',
    question: PACKAGE_QUESTION,
  },
  {
    answer: 'tokenizer',
    flag: '--tokenizer <file>',
    about: 'a tokenizer.json',
    path: 'model.tokenizer',
    question: 'Tokenizer, a tokenizer.json',
  },
  {
    answer: 'labels',
    flag: '--labels <file or names>',
    about: 'a JSON list, or names with commas, in the order of the logits',
    path: 'model.labels',
    question: 'Labels: a JSON file, or the names in the order of the logits, with commas',
  },
  {
    answer: 'maxLength',
    flag: '--max-length <tokens>',
    about: 'of a row',
    path: 'model.maxLength',
    question: 'Longest row, tokens',
  },
  {
    answer: 'margin',
    flag: '--margin <points>',
    about: 'largest drop of accuracy that is accepted',
    path: 'quality.marginPoints',
    question: 'Largest drop of accuracy that is accepted, percentage points',
  },
  {
    answer: 'slo',
    flag: '--slo <ms>',
    about: 'service level of one request',
    path: 'serving.sloMs',
    question: 'Service level: 99 % of the requests within how many milliseconds',
  },
  {
    answer: 'approver',
    flag: '--approver <person>',
    about: 'who decides at the gates: "Ana Ruiz <ana@example.org>"',
    path: 'gates.approvers',
    question: 'Who decides at the gates: Name <mail@address>',
  },
  {
    answer: 'sliceMargin',
    flag: '--slice-margin <points>',
    about: 'largest drop on a slice (5)',
    path: 'quality.sliceMarginPoints',
  },
  {
    answer: 'sloPercentile',
    flag: '--slo-percentile <n>',
    about: 'of the service level: 50, 95 or 99 (99)',
    path: 'serving.sloPercentile',
  },
  { answer: 'threads', flag: '--threads <n>', about: 'of one session (1)', path: 'serving.threads' },
  {
    answer: 'slice',
    flag: '--slice <column>',
    about: 'a column of the rows on whose values accuracy must hold too; may be repeated',
    path: 'slices',
  },
  {
    answer: 'calibrationRows',
    flag: '--calibration-rows <n>',
    about: 'that static quantization looks at (1000)',
    path: 'calibration.rows',
  },
  {
    answer: 'calibrationMethod',
    flag: '--calibration-method <name>',
    about: 'minmax, entropy or percentile (minmax)',
    path: 'calibration.method',
  },
  {
    answer: 'traffic',
    flag: '--traffic <rps>',
    about: 'requests per second, or a file; with --hardware, what serving costs is in the reports',
    path: 'economics.traffic',
  },
  {
    answer: 'hardware',
    flag: '--hardware <instance>',
    about: 'instance type that serves today, from the price list',
    path: 'economics.hardware',
  },
  {
    answer: 'quickLoadTest',
    flag: '--quick-load-test',
    about: 'load tests of about a minute, which find the rate less exactly',
    path: 'loadTest',
  },
];

/** Of problems, those of a setting. */
export const problemsOfSetting = (problems: SpecProblem[], { path }: Setting): SpecProblem[] =>
  problems.filter((problem) => problem.path === path || problem.path.startsWith(`${path}.`));

/** The problem by the flag that mends it; its path where there is none. */
export function byFlag(problem: SpecProblem): SpecProblem {
  const setting = SETTINGS.find((each) => problemsOfSetting([problem], each).length > 0);
  return setting ? { ...problem, path: `${setting.flag} (${problem.path})` } : problem;
}

const QUICK = { firstQueries: 500, maximumQueries: 1000, maximumProbes: 5, resolution: 1.15 };

/** Files that are there as they were named are written as they are found from the specification, in the folder `at`. */
export function knownFrom(answers: InitAnswers, found: BesideModel, at: string): Known {
  const { name, client, tokenizer, labels, maxLength, slice, traffic, hardware, approver } = answers;
  const from = (file: string) => (existsSync(file) ? relative(at, resolve(file)).split(sep).join('/') : file);
  const given = (text: string | undefined) => (text === undefined ? undefined : numeric(text));
  return {
    ...found,
    ...(name !== undefined && { engagement: name, modelName: found.modelName ?? name }),
    ...present({ client, package: answers.package, maxLength: given(maxLength) }),
    ...(tokenizer !== undefined && { tokenizer: from(tokenizer) }),
    ...(labels !== undefined && {
      labels: labels.includes(',') ? labels.split(',').map((each) => each.trim()) : from(labels),
    }),
    ...(slice && { slices: slice.map((column) => ({ name: nameOf(column), column })) }),
    quality: present({ marginPoints: given(answers.margin), sliceMarginPoints: given(answers.sliceMargin) }),
    serving: present({
      sloPercentile: given(answers.sloPercentile),
      sloMs: given(answers.slo),
      threads: given(answers.threads),
    }),
    ...section('calibration', { rows: given(answers.calibrationRows), method: answers.calibrationMethod }),
    ...section('economics', { traffic: traffic === undefined ? undefined : numeric(from(traffic)), hardware }),
    ...(answers.quickLoadTest && { loadTest: QUICK }),
    ...(approver !== undefined && { approver: personOf(approver) }),
  };
}

const present = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

const section = (name: string, values: object) =>
  Object.keys(present(values)).length > 0 ? { [name]: present(values) } : {};

/** As a slice may be called. */
const nameOf = (column: string) => column.toLowerCase().replace(/[^a-z0-9]+/g, '-');

/** `Ana Ruiz <ana@example.org>`, or the address alone. */
function personOf(text: string): { name: string; email: string } {
  const [, name, address] = /^(.*)<([^>]+)>\s*$/.exec(text) ?? [];
  const email = (address ?? text).trim();
  return { name: name?.trim() || email.split('@')[0]!, email };
}

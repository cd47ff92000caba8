import { PACKAGES, type PackageName } from './packages.ts';
import { KINDS } from './spec-model.ts';
import type { SpecProblem } from './spec-problems.ts';
import { isScored, measureOf, TASKS, type Task, type TaskName } from './tasks.ts';

/** The parts of a specification, as yet unchecked, that must fit its task. */
interface Tasked {
  package?: unknown;
  model?: { task?: string; kind?: unknown; tokenizer?: unknown; maxLength?: unknown };
  data?: { columns?: object; train?: unknown };
  slices?: unknown;
  quality?: { metric?: unknown; evaluator?: unknown; confidence?: unknown };
  training?: unknown;
  rollout?: unknown;
  support?: unknown;
}

type Refuse = (isWrong: boolean, path: string, value: unknown, message: string) => void;

/** Settings that do not fit the task, each with its path, value and what to do. */
export function misfits(document: unknown): SpecProblem[] {
  const tasked = (document ?? {}) as Tasked;
  const called = tasked.model?.task ?? '';
  if (!Object.hasOwn(TASKS, called)) return [];
  const found: SpecProblem[] = [];
  const refuse: Refuse = (isWrong, path, value, message) => {
    if (isWrong) found.push({ path, ...(value !== undefined && { value }), message });
  };
  for (const check of [columns, pairs, metric, tokens, exported, slices, production])
    check(tasked, TASKS[called as TaskName], called, refuse);
  return found;
}

function columns({ data }: Tasked, task: Task, called: string, refuse: Refuse): void {
  for (const [column, value] of Object.entries(data?.columns ?? {}))
    refuse(
      KINDS.includes(column) && !(column in task.columns),
      `data.columns.${column}`,
      value,
      `${called} reads ${Object.keys(task.columns).join(', ')}; remove it`
    );
}

/** Of embeddings, columns that only pairs have. */
function pairs({ data, quality }: Tasked, task: Task, _: string, refuse: Refuse): void {
  const given = Object.entries(data?.columns ?? {});
  for (const [column, value] of given)
    refuse(
      ['second', 'similarity'].includes(column) && column in task.columns && quality?.metric === 'cosine',
      `data.columns.${column}`,
      value,
      'is read for metric spearman only; set that, or remove it'
    );
}

/** Of a metric that the task has not; of an evaluator every name is good. */
export function metricMisfit(task: TaskName, value: unknown): SpecProblem | undefined {
  const metrics: readonly string[] = TASKS[task].metrics;
  if (metrics.length === 0 || typeof value !== 'string' || metrics.includes(value)) return undefined;
  return { path: 'quality.metric', value, message: `${task} is measured by ${metrics.join(' or ')}` };
}

function metric({ quality }: Tasked, { metrics }: Task, called: string, refuse: Refuse): void {
  const { metric, evaluator, confidence } = quality ?? {};
  const isOwn = metrics.length === 0;
  const misfit = metricMisfit(called as TaskName, metric);
  if (misfit) refuse(true, misfit.path, metric, misfit.message);
  const field = 'quality.evaluator';
  refuse(
    !isOwn && evaluator !== undefined,
    field,
    evaluator,
    `${called} has its metric; remove it, or set task: custom`
  );
  refuse(
    isOwn && quality !== undefined && evaluator === undefined,
    field,
    undefined,
    'is missing; give the folder of your Python files and entryPoint, module:function, that scores an answer'
  );
  const isLow = (isOwn || isKnownScore(metric)) && typeof confidence === 'number' && confidence <= 0.5;
  refuse(isLow, 'quality.confidence', confidence, 'must be above 0.5 for a score; 0.95 is usual');
}

const isKnownScore = (metric: unknown): boolean =>
  typeof metric === 'string' && measureOf({ metric }) !== undefined && isScored({ metric });

/** Where a tokenizer is a choice, it comes with the length that it cuts to, and without it there are no tokens. */
function tokens({ model }: Tasked, { hasTokens, metrics }: Task, _: string, refuse: Refuse): void {
  if (!hasTokens || metrics.length > 0) return;
  const { tokenizer, maxLength } = model!;
  refuse(
    tokenizer !== undefined && maxLength === undefined,
    'model.maxLength',
    undefined,
    'is missing; with a tokenizer, say how many tokens a row may have'
  );
  refuse(
    tokenizer === undefined && maxLength !== undefined,
    'model.maxLength',
    maxLength,
    'goes with a tokenizer; add model.tokenizer, or remove it'
  );
}

function exported({ model, data, training }: Tasked, { exports }: Task, called: string, refuse: Refuse): void {
  if (exports) return;
  const isExported = model?.kind === 'huggingface' || model?.kind === 'pytorch';
  refuse(isExported, 'model.kind', model?.kind, `${called} takes kind onnx; export the model first`);
  for (const [path, value] of Object.entries({ 'data.train': data?.train, training }))
    refuse(value !== undefined, path, value, `${called} is not trained; remove it`);
}

function slices({ model, slices }: Tasked, { hasTokens, metrics }: Task, called: string, refuse: Refuse): void {
  const isTokenized = hasTokens && (metrics.length > 0 || model?.tokenizer !== undefined);
  for (const [index, slice] of (Array.isArray(slices) ? slices : []).entries())
    refuse(
      slice?.tokens !== undefined && !isTokenized,
      `slices.${index}.tokens`,
      slice?.tokens,
      `${called} ${hasTokens ? 'without model.tokenizer ' : ''}has no tokens; slice by a column of the data`
    );
}

/** The gateway compares the classes that two models name; without them nothing could stop a rollout. */
function production(tasked: Tasked, { namesClasses }: Task, called: string, refuse: Refuse): void {
  const { rollout, support } = tasked;
  const bought = PACKAGES[tasked.package as PackageName];
  if (namesClasses) {
    const asked = `is missing; package ${tasked.package} has a rollout: give minimumHold, maximumHold and disagreementPoints`;
    refuse(Boolean(bought?.rollsOut) && rollout === undefined, 'rollout', undefined, asked);
    return;
  }
  const why = `${called} gives no class by which production could compare two models`;
  for (const [path, value] of Object.entries({ rollout, support }))
    refuse(value !== undefined, path, value, `${why}; remove it`);
  const advice = 'choose express, which proves the candidate on the hold-out and ends with how to serve it';
  refuse(Boolean(bought?.rollsOut), 'package', tasked.package, `includes a rollout, and ${why}; ${advice}`);
}

import type { CandidateFigures, CandidateResult } from './engagement.ts';
import { PACKAGES } from './packages.ts';
import type { CalibrationMethod, Recipe, Scheme } from './recipe.ts';
import type { Spec } from './spec.ts';
import type { RacingToolkit } from './toolkits.ts';
import type { Check } from './verdict.ts';

export interface PlannedCandidate {
  id: string;
  recipe: Recipe;
}

/** As a share: what repeated comparisons over blocks of new processes differ by, and small enough that no pick costs 5 %. */
export const SPEED_TIE = 0.03;
/** Of engagements that began with another: in one process an arm, where its placement moved speeds, and in blocks. */
export const OLDER_SPEED_TIE = { oneProcess: 0.15, blocks: 0.05 };
const TRIALS_IN_OPTIMIZATION = 2; // keeps the phase to minutes

/** What each toolkit can make of the schemes that a package has. */
const MADE_BY: Record<RacingToolkit, Scheme[]> = {
  onnxruntime: ['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'],
  optimum: ['int8-dynamic', 'int8-static'],
  tensorrt: ['fp16', 'int8-static', 'int4-weight'],
};

/** Whether the device runs it; without a list, whatever there is. */
export const runsThere = ({ schemes }: Pick<Spec, 'schemes'>, scheme: Scheme): boolean =>
  schemes === undefined || (schemes as Scheme[]).includes(scheme);

/** One recipe per toolkit and scheme, INT4 last: it is tried only after an INT8 candidate has a verdict. */
export function ptqPlan(spec: Pick<Spec, 'package' | 'schemes' | 'toolkits' | 'calibration'>): PlannedCandidate[] {
  const schemes = PACKAGES[spec.package].schemes.filter((scheme) => runsThere(spec, scheme));
  const toolkits = spec.toolkits ?? ['onnxruntime']; // kicked off before there was a choice
  const plan = toolkits.flatMap((toolkit) =>
    schemes
      .filter((scheme) => MADE_BY[toolkit].includes(scheme))
      .map((scheme) => ({
        id: toolkit === 'onnxruntime' ? scheme : `${toolkit}-${scheme}`,
        recipe: standardRecipe(spec, scheme, toolkit),
      }))
  );
  const isLast = ({ recipe }: PlannedCandidate) => Number(recipe.scheme === 'int4-weight');
  return plan.sort((a, b) => isLast(a) - isLast(b));
}

/** Variants of what the PTQ gate let through, in the order given. */
export function optimizationPlan(spec: Spec, released: CandidateResult[]): PlannedCandidate[] {
  return released
    .filter((candidate) => candidate.figures)
    .flatMap((candidate) => variantOf(spec, candidate))
    .slice(0, TRIALS_IN_OPTIMIZATION);
}

/**
 * The fastest first. Those as fast as each other stand by the rows they lose, then by flips, then by size, so that noise
 * in their speeds does not decide.
 */
export function ranked(candidates: CandidateResult[], tie = SPEED_TIE): CandidateResult[] {
  let left = candidates.flatMap((candidate) => (candidate.figures ? [{ candidate, figures: candidate.figures }] : []));
  const order: CandidateResult[] = [];
  while (left.length > 0) {
    const slowest = Math.max(...left.map(({ figures }) => figures.speedup)) * (1 - tie);
    const tied = left
      .filter(({ figures }) => figures.speedup >= slowest)
      .sort(
        ({ figures: a, candidate: { id } }, { figures: b, candidate: other }) =>
          scoreLost(a) - scoreLost(b) ||
          a.lost - b.lost ||
          a.flips - b.flips ||
          a.sizeRatio - b.sizeRatio ||
          (id < other.id ? -1 : 1)
      );
    order.push(...tied.map(({ candidate }) => candidate));
    left = left.filter((one) => !tied.includes(one));
  }
  return order;
}

/** Of classes the rows count that were lost; of scores, how much may have been. */
const scoreLost = ({ scoreSpread, accuracyDropUpper }: CandidateFigures): number =>
  scoreSpread === undefined ? 0 : accuracyDropUpper;

/** As variants were ordered before `ranked`: for engagements that were under way then. */
export const fastestFirst = (candidates: CandidateResult[]): CandidateResult[] =>
  candidates.filter(({ figures }) => figures).sort((a, b) => b.figures!.speedup - a.figures!.speedup);

/** The first of those that hold every requirement. */
export function best(candidates: CandidateResult[], tie = SPEED_TIE): CandidateResult | undefined {
  return ranked(
    candidates.filter(({ verdict }) => verdict === 'successful'),
    tie
  )[0];
}

/** What is trained under the rounding of what. */
const TRAINED: Partial<Record<Scheme, Scheme>> = {
  'int8-static': 'int8-qat',
  'int4-weight': 'int4-qat',
  'int2-weight': 'int2-qat',
};

/** What training cannot round by. */
const UNTRAINABLE = ['types', 'format', 'algorithm'];

/**
 * Training begins where post-training quantization got nearest: the candidate that lost the least accuracy, still too
 * much, and lacks nothing else, as training gives accuracy alone.
 */
export function trainingPlan(
  spec: Spec,
  candidates: CandidateResult[]
): { from: CandidateResult; plan: PlannedCandidate } | undefined {
  const from = candidates
    .filter(({ recipe, scheme, figures }) => isOurs(recipe, 'int') && TRAINED[scheme] && figures)
    .filter(({ recipe }) => !UNTRAINABLE.some((option) => recipe.options?.[option] !== undefined))
    .filter(({ checks }) => checks.some(lostTooMuch))
    .filter(({ checks }) => checks.every((check) => check.verdict === 'successful' || lostTooMuch(check)))
    .sort((a, b) => a.figures!.accuracyDropUpper - b.figures!.accuracyDropUpper)[0];
  if (!from) return undefined;
  const scheme = TRAINED[from.scheme]!;
  const recipe: Recipe = {
    ...from.recipe,
    toolkit: 'pytorch',
    scheme,
    ...(spec.training && { training: spec.training }),
  };
  return { from, plan: { id: scheme, recipe } };
}

const METHODS = ['minmax', 'percentile', 'entropy'] as const;

/** Other ways to calibrate what lost too much by its first; a person's own recipes are left as they are. */
export function calibrationPlan(candidates: CandidateResult[]): PlannedCandidate[] {
  return candidates
    .filter(({ phase, recipe, checks }) => phase === 'ptq' && recipe.calibration && checks.some(lostTooMuch))
    .filter(({ id }) => id === 'int8-static')
    .flatMap(({ id, recipe }) => {
      const calibration = recipe.calibration!;
      const others = METHODS.filter((method) => method !== calibration.method);
      return others.map((method) => ({
        id: `${id}-${method}`,
        recipe: { ...recipe, calibration: { ...calibration, method } },
      }));
    });
}

/** What search and training can go on from: other toolkits' recipes mean other things. */
const isOurs = ({ toolkit, scheme }: Recipe, kind: string) =>
  (toolkit === 'onnxruntime' || toolkit === 'pytorch') && scheme.startsWith(kind);

const lostTooMuch = (check: Check) => /^(accuracy|score|slice )/.test(check.name) && check.verdict !== 'successful';

const WORTH_IT = 1.05; // a search takes minutes; a gain below this is noise

/**
 * The candidate whose sensitive layers are worth looking for: the fastest that lost too much accuracy, if it is faster
 * than all that hold the margin.
 */
export function worthSearching(candidates: CandidateResult[]): CandidateResult | undefined {
  const speedOf = ({ figures }: CandidateResult) => figures?.speedup ?? 0;
  const fastest = Math.max(1, ...candidates.filter(({ verdict }) => verdict === 'successful').map(speedOf));
  return candidates
    .filter(({ recipe, checks }) => isOurs(recipe, 'int') && checks.some(lostTooMuch))
    .filter(({ scheme }) => scheme !== 'int2-weight') // FP32 is 11 times 2 bits
    .filter((candidate) => speedOf(candidate) > WORTH_IT * fastest)
    .sort((a, b) => speedOf(b) - speedOf(a))[0];
}

/** `custom-1` and so on for recipes that a person added by `revise`. */
export function customPlan(recipes: Recipe[]): PlannedCandidate[] {
  return recipes.map((recipe, index) => ({ id: `custom-${index + 1}`, recipe }));
}

function standardRecipe(
  spec: Pick<Spec, 'calibration'>,
  scheme: Scheme,
  toolkit: RacingToolkit = 'onnxruntime'
): Recipe {
  const { rows, method: asked } = spec.calibration;
  const method = toolkit === 'tensorrt' ? modelOptMethod(scheme, asked) : scheme === 'int8-static' && asked;
  return { toolkit, scheme, ...(method && { calibration: { role: 'calibration', rows, method } }) };
}

/** ModelOpt looks at rows whatever it makes, and has no percentiles. */
function modelOptMethod(scheme: Scheme, asked: CalibrationMethod): CalibrationMethod {
  if (scheme === 'fp16') return 'minmax';
  if (scheme === 'int4-weight') return 'awq-clip';
  return asked === 'minmax' ? 'minmax' : 'entropy';
}

function variantOf(spec: Spec, { id, scheme, recipe: { toolkit, options } }: CandidateResult): PlannedCandidate[] {
  if (toolkit === 'tensorrt') return []; // its options are of another kind
  const recipe = standardRecipe(spec, scheme, toolkit === 'optimum' ? toolkit : 'onnxruntime');
  if (scheme === 'int8-dynamic')
    return [{ id: `${id}-per-channel`, recipe: { ...recipe, options: { perChannel: true } } }];
  if (scheme === 'int8-static')
    return [{ id: `${id}-per-tensor`, recipe: { ...recipe, options: { perChannel: false } } }];
  if (scheme === 'int4-weight' && !options?.embeddings)
    return [{ id: `${id}-embeddings`, recipe: { ...recipe, options: { embeddings: true } } }];
  return [];
}

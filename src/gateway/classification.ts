import type { RunResult, TensorDeclaration } from '../inference/host.ts';
import { OutputInvalid } from './errors.ts';

/** Returns why two models cannot be the arms of one route that classifies into `labels`, or undefined. */
export function armsFault(
  twin: { inputs: TensorDeclaration[]; outputs: TensorDeclaration[] },
  candidate: { inputs: TensorDeclaration[]; outputs: TensorDeclaration[] },
  labels: string[]
): string | undefined {
  if (signature(twin.inputs) !== signature(candidate.inputs))
    return `the arms take different inputs: ${signature(twin.inputs)} and ${signature(candidate.inputs)}`;
  if (signature(twin.outputs) !== signature(candidate.outputs))
    return `the arms give different outputs: ${signature(twin.outputs)} and ${signature(candidate.outputs)}`;
  const logits = twin.outputs[0];
  if (!logits || !['float32', 'float64'].includes(logits.type) || logits.shape.length !== 2)
    return `the first output must be float32 or float64 of shape [batch, classes], not ${signature(twin.outputs)}`;
  const classes = logits.shape[1];
  if (typeof classes === 'number' && classes !== labels.length)
    return `the model has ${classes} classes and ${labels.length} labels are given`;
  return undefined;
}

/** The most likely class of every row; throws `OutputInvalid` unless there is one finite row of logits for each. */
export function topClasses(
  { outputs }: RunResult,
  declared: TensorDeclaration[],
  rows: number,
  classes: number
): number[] {
  for (const { name } of declared) if (!outputs[name]) throw new OutputInvalid(`output '${name}' is missing`);
  const { dims, data } = outputs[declared[0]!.name]!;
  if (dims.length !== 2 || dims[0] !== rows || dims[1] !== classes)
    throw new OutputInvalid(`the logits have the shape [${dims}], [${rows},${classes}] was expected`);
  const logits = data as Float32Array;
  if (!logits.every(Number.isFinite)) throw new OutputInvalid('the logits hold NaN or infinity');
  return Array.from({ length: rows }, (_, row) => {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    return values.indexOf(Math.max(...values));
  });
}

/** How much more probable the twin finds its own class of a row than the candidate's; 0 where they agree. */
export function twinDropOf(
  { outputs }: RunResult,
  declared: TensorDeclaration[],
  row: number,
  { twin, candidate }: { twin: number; candidate: number }
): number {
  if (twin === candidate) return 0;
  const { dims, data } = outputs[declared[0]!.name]!;
  const classes = dims[1]!;
  const logits = (data as Float32Array).subarray(row * classes, (row + 1) * classes);
  const largest = logits[twin]!;
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return (1 - Math.exp(logits[candidate]! - largest)) / sum;
}

const signature = (tensors: TensorDeclaration[]) =>
  tensors
    .map(({ name, type, shape }) => `${name} ${type}[${shape.map((dim) => (typeof dim === 'number' ? dim : '?'))}]`)
    .sort()
    .join(', ');

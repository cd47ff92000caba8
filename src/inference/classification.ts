import { ModelOutputInvalid } from './errors.ts';
import type { TensorValue } from './protocol.ts';

export interface Classification {
  top1: number;
  score: number;
  margin: number;
  classes: number;
}

/** Reads the one row of logits that a classifier answered; throws `ModelOutputInvalid` that names the row. */
export function classify(outputs: Record<string, TensorValue>, row: string): Classification {
  const logits = numbersOf(logitsOf(outputs, row), row);
  const bad = logits.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new ModelOutputInvalid(`row '${row}': logit ${bad} is ${logits[bad]}`);
  const top1 = logits.indexOf(logits.reduce((best, value) => Math.max(best, value)));
  const exponentials = logits.map((value) => Math.exp(value - logits[top1]!));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const second = exponentials.reduce((best, value, index) => (index === top1 ? best : Math.max(best, value)), 0);
  return { top1, score: 1 / total, margin: (1 - second) / total, classes: logits.length };
}

function logitsOf(outputs: Record<string, TensorValue>, row: string): TensorValue {
  const names = Object.keys(outputs);
  const logits = outputs.logits ?? (names.length === 1 ? outputs[names[0]!] : undefined);
  if (!logits)
    throw new ModelOutputInvalid(`the model has the outputs ${names.join(', ')}; a classifier has one, or 'logits'`);
  const [batch, classes] = logits.dims;
  if (logits.dims.length !== 2 || batch !== 1 || classes! < 2)
    throw new ModelOutputInvalid(`row '${row}': the logits have shape [${logits.dims}], not [1, classes]`);
  return logits;
}

/** Of a floating-point output of a row. */
export function numbersOf({ type, data }: TensorValue, row: string): Float64Array {
  if (type === 'float16') return Float64Array.from(data as Uint16Array, halfToNumber);
  if (type === 'float32' || type === 'float64') return Float64Array.from(data as Float32Array | Float64Array);
  throw new ModelOutputInvalid(`row '${row}': the answer is ${type}, not floating point`);
}

/** IEEE 754 binary16 from its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

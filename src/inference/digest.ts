import { halfToNumber } from './classification.ts';
import { ModelOutputInvalid } from './errors.ts';
import type { TensorValue } from './protocol.ts';

/** Two answers are the same within this share of their digest: kernels may sum in another order under load. */
export const SAME_DIGEST = 1e-3;
const GOLDEN = 0.6180339887498949;

/**
 * One number for all outputs of a row, by which the same answer is known again: a mean of their magnitudes, each at its
 * place with a weight of its own, so that nothing cancels and another row gives another number.
 */
export function digestOf(outputs: Record<string, TensorValue>, row: string): number {
  let [sum, place] = [0, 0];
  for (const [name, { type, data }] of Object.entries(outputs)) {
    const isHalf = type === 'float16';
    for (const element of data) {
      const value = isHalf ? halfToNumber(element as number) : Number(element);
      if (!Number.isFinite(value)) throw new ModelOutputInvalid(`row '${row}': output '${name}' has ${value}`);
      sum += (0.5 + ((place * GOLDEN) % 1)) * Math.abs(value);
      place += 1;
    }
  }
  return place === 0 ? 0 : sum / place;
}

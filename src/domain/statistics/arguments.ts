/** Throws a RangeError that names the field unless the value is a whole number of at least `least`. */
export function requireCount(field: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${field} must be a whole number of at least ${least}, not ${value}`);
}

/** Throws a RangeError that names the field unless the value is strictly between 0 and 1. */
export function requireFraction(field: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${field} must be between 0 and 1 (exclusive), not ${value}`);
}

/** Throws a RangeError unless a difference of two shares can be larger than the margin, a fraction, and one is not. */
export function requireMargin(margin: number): void {
  if (!(margin > -1 && margin <= 1)) throw new RangeError(`margin must be above -1 and at most 1, not ${margin}`);
}

/** Throws a RangeError that names the field unless every sample is a finite number and there are at least `least`. */
export function requireSamples(field: string, samples: ArrayLike<number>, least = 1): void {
  if (samples.length < least)
    throw new RangeError(`${field} needs at least ${least} samples and has ${samples.length}`);
  for (let i = 0; i < samples.length; i++)
    if (!Number.isFinite(samples[i])) throw new RangeError(`${field}[${i}] is ${samples[i]}, not a finite number`);
}

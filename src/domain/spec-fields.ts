import { z } from 'zod';
import { UNIT_MS } from './units.ts';

const DURATION = /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/;
const AS_DURATION = "write a duration such as '30 seconds', '2 hours' or '3 days'";

/** `30 minutes` in the file, milliseconds once read. */
export const duration = z
  .string(AS_DURATION)
  .regex(DURATION, AS_DURATION)
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  })
  .refine((ms) => ms >= 1, 'must be at least a millisecond');

export const entryPoint = z.string().regex(/^[\w.]+:\w+$/, 'write module:function, such as model:build');

const AS_POINTS = 'write percentage points, above 0 and at most 100';
export const points = z.number(AS_POINTS).gt(0, AS_POINTS).max(100, AS_POINTS);
const AS_SHARE = 'write a share between 0 and 1, not a percentage';
export const share = z.number(AS_SHARE).gt(0, AS_SHARE).lt(1, AS_SHARE);
export const calibrationRows = z.number().int().positive().max(5000);
export const path = z.string().min(1);
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, at most 63');

export const person = z.strictObject({
  name: z
    .string()
    .min(1)
    .meta({ description: 'of the person', examples: ['Ana Ruiz'] }),
  email: z.email().meta({ description: 'mail address, by which the person decides', examples: ['ana@example.org'] }),
});

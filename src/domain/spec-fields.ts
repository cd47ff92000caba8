import { z } from 'zod';
import { UNIT_MS } from './units.ts';

const DURATION = /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/;

/** `30 minutes` in the file, milliseconds once read. */
export const duration = z
  .string()
  .regex(DURATION, "write a duration such as '30 seconds', '2 hours' or '3 days'")
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text)!;
    return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  })
  .refine((ms) => ms >= 1, 'must be at least a millisecond');

export const entryPoint = z.string().regex(/^[\w.]+:\w+$/, 'write module:function, such as model:build');

export const points = z.number().positive().max(100);
export const share = z.number().gt(0).lt(1);
export const calibrationRows = z.number().int().positive().max(5000);
export const path = z.string().min(1);
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, at most 63');

export const person = z.strictObject({ name: z.string().min(1), email: z.email() });

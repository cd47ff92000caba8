import type { Check, Verdict } from './verdict.ts';

/** How the requirements of a gate are written. */
export const points = (share: number): string => `${(100 * share).toFixed(2)} points`;
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
export const check = (name: string, verdict: Verdict, reason: string): Check => ({ name, verdict, reason });
export const passOr = (holds: boolean, otherwise: Verdict): Verdict => (holds ? 'successful' : otherwise);

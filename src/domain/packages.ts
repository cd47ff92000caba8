import type { Scheme } from './recipe.ts';

/** What a client buys, as data: the workflows read it and know no package by name. */
export interface Package {
  schemes: Scheme[];
  /** Whether further recipes are tried on what the PTQ gate let through. */
  optimizes: boolean;
  /** Whether quantization-aware training is proposed when no post-training candidate holds the margin. */
  trains: boolean;
  /** Whether Stepdown carries the candidate into production traffic. */
  rollsOut: boolean;
  supportDays: number;
}

export const PACKAGES = {
  express: {
    schemes: ['fp16', 'int8-dynamic', 'int8-static'],
    optimizes: false,
    trains: false,
    rollsOut: false,
    supportDays: 30,
  },
  professional: {
    schemes: ['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'],
    optimizes: true,
    trains: true,
    rollsOut: true,
    supportDays: 90,
  },
} as const satisfies Record<string, Package>;

export type PackageName = keyof typeof PACKAGES;

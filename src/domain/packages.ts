import type { Scheme } from './recipe.ts';
import type { ServiceTargets } from './service-level.ts';

/** What a client buys, as data: the workflows read it and know no package by name. */
export interface Package {
  schemes: Scheme[];
  /** Whether further recipes are tried on what the PTQ gate let through. */
  optimizes: boolean;
  /** Whether quantization-aware training is proposed when no post-training candidate holds the margin. */
  trains: boolean;
  /** Whether Stepdown carries the candidate into production traffic. */
  rollsOut: boolean;
  /** Of the terms; guarded where there is a rollout. */
  supportDays: number;
  /** Whether several models may share a budget and run as a portfolio. */
  hasPortfolio: boolean;
  /** Days after which measurements count as old and another engagement is due; null where drift alone says so. */
  reoptimizeAfterDays: number | null;
  /** What the support window is held against in its reports; null where nothing is promised. */
  serviceLevel: ServiceTargets | null;
}

const HOUR_MS = 3_600_000;

export const PACKAGES = {
  express: {
    schemes: ['fp16', 'int8-dynamic', 'int8-static'],
    optimizes: false,
    trains: false,
    rollsOut: false,
    supportDays: 30,
    hasPortfolio: false,
    reoptimizeAfterDays: null,
    serviceLevel: null,
  },
  professional: {
    schemes: ['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'],
    optimizes: true,
    trains: true,
    rollsOut: true,
    supportDays: 90,
    hasPortfolio: false,
    reoptimizeAfterDays: null,
    serviceLevel: null,
  },
  enterprise: {
    schemes: ['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'],
    optimizes: true,
    trains: true,
    rollsOut: true,
    supportDays: 365,
    hasPortfolio: true,
    reoptimizeAfterDays: 90,
    serviceLevel: { uptime: 0.999, acknowledgeMs: 4 * HOUR_MS, toZeroMs: 60_000 },
  },
} as const satisfies Record<string, Package>;

export type PackageName = keyof typeof PACKAGES;

import type { DataRole } from './artifact.ts';

export type Scheme = 'fp16' | 'int8-dynamic' | 'int8-static' | 'int4-weight';

/** How a candidate is made; everything in it is part of the trial's key. */
export interface Recipe {
  toolkit: 'onnxruntime';
  scheme: Scheme;
  calibration?: { role: DataRole; rows: number; method: 'minmax' | 'entropy' | 'percentile' };
  /** Nodes kept in FP32, by name. */
  exclude?: string[];
  options?: Record<string, string | number | boolean | string[]>;
}

/** JSON with sorted keys and without undefined values: equal recipes give equal text, hence equal hashes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

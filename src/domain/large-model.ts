import { cheapest, type PriceRow } from './prices.ts';

/** Bytes of one weight. */
const WEIGHT_BYTES = { fp32: 4, fp16: 2, int8: 1, int4: 0.5 } as const;
export type Precision = keyof typeof WEIGHT_BYTES;
const PRECISIONS = Object.keys(WEIGHT_BYTES) as Precision[];

const GIB = 2 ** 30;

export interface ModelShape {
  parameters: number;
  /** One scale for this many INT4 weights; none counted without it. */
  int4Scales?: { weightsPerScale: number; bytesPerScale: number };
  /** Of a text generator; without it no cache is counted. */
  attention?: { layers: number; keyValueHeads: number; headDimension: number; bytesPerValue: number };
  /** Tokens in the cache: of all requests that are answered at the same time. */
  cachedTokens?: number;
}

export interface ModelSize {
  precision: Precision;
  weightBytes: number;
  cacheBytes: number;
  totalBytes: number;
  /** Cheapest instance that holds it; null when none of the list does. */
  instance: PriceRow | null;
}

/** Of the weights alone: 28, 14, 7 and 3.5 GB for 7e9 parameters. */
export function weightBytes({ parameters, int4Scales }: ModelShape, precision: Precision): number {
  const scales = precision === 'int4' && int4Scales ? parameters / int4Scales.weightsPerScale : 0;
  return parameters * WEIGHT_BYTES[precision] + scales * (int4Scales?.bytesPerScale ?? 0);
}

/** A key and a value for each layer and head. */
export function cacheBytesPerToken({ attention }: ModelShape): number {
  if (!attention) return 0;
  return 2 * attention.layers * attention.keyValueHeads * attention.headDimension * attention.bytesPerValue;
}

/**
 * Every precision with the cheapest instance whose memory, less the reserved share, holds weights and cache; a model
 * may be spread over the GPUs of one instance.
 */
export function modelSizes(
  shape: ModelShape,
  rows: PriceRow[],
  { memoryReserve }: { memoryReserve: number }
): ModelSize[] {
  const cacheBytes = cacheBytesPerToken(shape) * (shape.cachedTokens ?? 0);
  return PRECISIONS.map((precision) => {
    const weights = weightBytes(shape, precision);
    const totalBytes = weights + cacheBytes;
    const fitting = rows.filter((row) => memoryBytes(row) * (1 - memoryReserve) >= totalBytes);
    const instance = fitting.length > 0 ? cheapest(fitting) : null;
    return { precision, weightBytes: weights, cacheBytes, totalBytes, instance };
  });
}

/** Of the GPUs where there are any, else of the machine; 0 where the list does not say. */
function memoryBytes({ gpuCount, gpuMemoryGb, memoryGib }: PriceRow): number {
  return gpuCount > 0 ? gpuCount * (gpuMemoryGb ?? 0) * 1e9 : (memoryGib ?? 0) * GIB;
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cacheBytesPerToken, modelSizes, weightBytes } from '../../src/domain/large-model.ts';
import { readPrices } from '../../src/domain/prices.ts';

const read = readPrices(readFileSync(new URL('../../prices/prices.csv', import.meta.url), 'utf8'));
const rows = 'rows' in read ? read.rows : [];
const GPUS = rows.filter(({ provider }) => provider === 'published');
/** Llama 2 7B: 32 layers, 32 heads of 128, cache in FP16. */
const attention = { layers: 32, keyValueHeads: 32, headDimension: 128, bytesPerValue: 2 };

describe('the size of a large model', () => {
  it.each([
    ['fp32', 28],
    ['fp16', 14],
    ['int8', 7],
    ['int4', 3.5],
  ] as const)('of 7e9 parameters in %s is %d GB', (precision, gigabytes) => {
    expect(weightBytes({ parameters: 7e9 }, precision)).toBe(gigabytes * 1e9);
  });

  it('counts INT4 scales when their block is given', () => {
    const int4Scales = { weightsPerScale: 32, bytesPerScale: 2 };
    expect(weightBytes({ parameters: 7e9, int4Scales }, 'int4')).toBe(3.9375e9);
    expect(weightBytes({ parameters: 7e9, int4Scales }, 'int8')).toBe(7e9);
  });

  it('has a cache of half a MiB per token for 32 layers of 32 heads of 128', () => {
    expect(cacheBytesPerToken({ parameters: 7e9, attention })).toBe(2 ** 19);
    expect(cacheBytesPerToken({ parameters: 7e9 })).toBe(0);
  });

  it('decides which instance holds it at what price', () => {
    const sizes = modelSizes({ parameters: 7e9 }, GPUS, { memoryReserve: 0.1 });
    expect(sizes.map(({ instance }) => instance?.onDemandUsdPerHour)).toEqual([3.2, 0.526, 0.526, 0.526]);
    const cached = modelSizes({ parameters: 7e9, attention, cachedTokens: 16_384 }, GPUS, { memoryReserve: 0.1 });
    expect(cached.map(({ instance }) => instance?.gpu)).toEqual([undefined, 'A100', 'A100', 'T4']);
    expect(modelSizes({ parameters: 70e9 }, GPUS, { memoryReserve: 0.1 }).map(({ instance }) => instance?.gpu)).toEqual(
      [undefined, undefined, undefined, 'A100']
    );
  });

  it('may be spread over the GPUs of an instance, or lie in the memory of a machine without', () => {
    const named = (name: string) => rows.filter(({ instance }) => instance === name);
    const fits = (name: string) =>
      modelSizes({ parameters: 7e9 }, named(name), { memoryReserve: 0.1 }).map(({ instance }) => instance !== null);
    expect(fits('gpu_8x_v100')).toEqual([true, true, true, true]);
    expect(fits('c6id.2xlarge')).toEqual([false, true, true, true]);
  });
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Processes that tests start keep their compiled code, as those of the command line do.
const env = { NODE_COMPILE_CACHE: new URL('.tools/compile-cache', import.meta.url).pathname };

/** On 2 cores too; rings that measure times run one file less than there are cores, on 2 cores one. */
const TWO_OR_MORE = Math.max(2, availableParallelism() - 1);

const ring = (name: string, timeoutMs: number, more: object = {}) => ({
  test: {
    name,
    env,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    ...more,
  },
});

/** Five rings, each runnable alone: `vitest run --project domain`. */
export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    projects: [
      ring('domain', 30_000, { maxWorkers: TWO_OR_MORE }),
      ring('activities', 60_000),
      ring('workflows', 60_000, {
        globalSetup: 'test/workflows/server.ts',
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      ring('replay', 60_000),
      ring('e2e', 1_800_000, { fileParallelism: false }),
    ],
  },
});

import { defineConfig } from 'vitest/config';

// Processes that tests start keep their compiled code, as those of the command line do.
const env = { NODE_COMPILE_CACHE: new URL('.tools/compile-cache', import.meta.url).pathname };

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
      ring('domain', 30_000),
      ring('activities', 60_000),
      ring('workflows', 60_000, { globalSetup: 'test/workflows/server.ts', fileParallelism: false }),
      ring('replay', 60_000),
      ring('e2e', 1_800_000, { fileParallelism: false }),
    ],
  },
});

import type { Reporter, TestModule } from 'vitest/node';

/** Says at the end what ran, ring by ring, and closes with one plain line that a CI can read. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rings = new Map<string, { passed: number; failed: number; skipped: number; seconds: number }>();
    for (const module of modules) {
      const ring = rings.get(module.project.name) ?? { passed: 0, failed: 0, skipped: 0, seconds: 0 };
      rings.set(module.project.name, ring);
      ring.seconds += module.diagnostic().duration / 1000;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') ring[state] += 1;
      }
      if (module.errors().length > 0) ring.failed += 1;
    }
    for (const [name, { passed, failed, seconds }] of rings)
      process.stdout.write(`ring ${name}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s of tests\n`);
    const sum = (key: 'passed' | 'failed' | 'skipped') =>
      [...rings.values()].reduce((total, ring) => total + ring[key], 0);
    process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  }
}

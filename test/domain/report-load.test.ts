import { describe, expect, it } from 'vitest';
import { servingCost } from '../../src/domain/serving-cost.ts';
import { economics, loadTest } from './closing-document.ts';
import { render, section, textOf } from './rendered.ts';

describe('the rates under load', () => {
  it('are shown with what they rest on, and are left out where there is none', () => {
    const shown = section(render({ loadTests: { baseline: loadTest(80.25), optimized: null } }), 'load');
    expect(shown).toContain('cpu, 2 threads, no spinning');
    expect(shown).toContain('p99 stays within 150.00 ms');
    expect(shown).toContain('80.3 /s');
    expect(shown).toContain('4200 in 0 probes');
    expect(render()).not.toContain('id="load"');
  });

  it('are shown for every number of replicas', () => {
    const packings = [
      { replicas: 1, ratePerSecond: 50, peakBytes: 2e8, reason: null },
      { replicas: 2, ratePerSecond: 80.25, peakBytes: 3e8, reason: null },
      { replicas: 9, ratePerSecond: null, peakBytes: 9e9, reason: 'would need 9000 MB of 4000 MB' },
    ];
    const shown = section(
      render({ loadTests: { baseline: { ...loadTest(80.25), packings }, optimized: null } }),
      'load'
    );
    expect(shown).toContain('Replicas side by side on this host');
    expect(shown).toMatch(/FP32 9 would need 9000 MB of 4000 MB/);
  });

  it('are marked when they do not count', () => {
    const loadTests = { baseline: loadTest(80), optimized: loadTest(null, ['the clocks ran apart']) };
    const shown = section(render({ loadTests }), 'load');
    expect(shown).toContain('none was shown');
    expect(shown).toContain('INVALID: the clocks ran apart');
  });

  it('name each reason once, however many runs had it', () => {
    const late = (share: string) => `${share} % of the queries were issued late: free a core for the pacer`;
    const faults = [late('1.4'), late('12.0'), late('3.3'), 'something caches answers'];
    const shown = section(render({ loadTests: { baseline: loadTest(80, faults), optimized: null } }), 'load');
    expect(shown).toContain(
      'INVALID: 1.4 to 12.0 % of the queries were issued late: free a core for the pacer (3 runs of the probes); something caches answers'
    );
  });
});

describe('the cost', () => {
  const cost = servingCost(economics(), { baseline: loadTest(100), chosen: loadTest(250) })!;

  it('is projected from the measured rates, with price, saving, payback and break-even', () => {
    const report = render({ cost });
    const shown = section(report, 'cost');
    expect(shown).toContain('Projected from the rates measured under load');
    expect(shown).toContain('a list, 2026-11-24, 1 days old');
    expect(shown).toContain('4 replicas on 4 c6id.2xlarge');
    expect(shown).toMatch(/Saving per month \$4,380 \$4,380 \$4,380/);
    expect(shown).toMatch(/Payback 15 days/);
    expect(shown).toContain('the first instance disappears at 1.11 times the rate of FP32');
    expect(textOf(report)).toContain('only those under “Cost” are projected');
    expect(render()).not.toContain('id="cost"');
  });
});

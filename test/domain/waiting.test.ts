import { describe, expect, it } from 'vitest';
import type { ArmTimes, TimeQuantile } from '../../src/domain/traffic.ts';
import { keptQuantiles, quantilesText, waitingText } from '../../src/domain/waiting.ts';
import { closingDocument } from './closing-document.ts';
import { render, section } from './rendered.ts';

const p95: TimeQuantile = { n: 900, ms: 8.61, lowMs: 8.1, highMs: 9.2 };
const whole: TimeQuantile = {
  ...p95,
  p50: { ms: 4.1, lowMs: 4, highMs: 4.2 },
  p99: { ms: 11.9, lowMs: 11, highMs: null },
};

describe('how long clients waited', () => {
  it('has every quantile that was kept; older states kept the p95 alone', () => {
    expect(keptQuantiles(whole).map(([percentile]) => percentile)).toEqual([50, 95, 99]);
    expect(quantilesText({ candidate: whole }, 'candidate')).toBe('p50 4.10, p95 8.61, p99 11.90 ms');
    expect(quantilesText({ candidate: p95 }, 'candidate')).toBe('p95 8.61 ms');
  });

  it.each<[string, ArmTimes, string]>([
    ['nobody came', {}, 'FP32 no client timed; candidate no client timed'],
    [
      'a router in front sends FP32’s clients past the gateway',
      { router: 'kserve', candidate: p95 },
      'FP32 not timed: kserve sends its clients past the gateway; candidate p95 8.61 ms (900 answers)',
    ],
  ])('says why there are no times where %s', (_why, times, text) => {
    expect(waitingText(times)).toBe(text);
  });

  it('stands in the closing report, stage by stage', () => {
    const { rollout } = closingDocument();
    const stages = rollout!.stages.map((stage) => ({
      ...stage,
      times: { router: 'haproxy' as const, candidate: whole },
    }));
    const text = section(render({ rollout: { ...rollout!, stages } }), 'rollout');
    expect(text).toContain('p50 4.10, p95 8.61, p99 11.90 ms p95 8.10 to 9.20, on 900 answers');
    expect(text).toContain('not timed: haproxy sends its clients past the gateway');
  });
});

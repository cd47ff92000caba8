import { expect, it } from 'vitest';
import { summarizeBaseline, summarizeLatency } from '../../src/domain/latency.ts';

const rounds = (length: number, ms: number) => Array.from({ length }, (_, round) => ms + (round % 7) / 10);

it.each([undefined, 8])('compares rounds in %s blocks only where both arms have as many', (blocks) => {
  const baseline = rounds(200, 10);
  const twin = rounds(200, 10);
  expect(summarizeLatency({ baseline, twin, candidate: rounds(200, 5), blocks }).speedup).toBeGreaterThan(1.9);
  const unequal = { baseline, twin, candidate: rounds(160, 5), blocks };
  expect(() => summarizeLatency(unequal)).toThrow('one arm has 160 rounds and the baseline has 200');
  expect(() => summarizeBaseline({ baseline, twin: rounds(160, 10), blocks })).toThrow('one arm has 160 rounds');
});

import { expect, it } from 'vitest';
import { assess } from '../../src/domain/assessment.ts';
import { parseAssessment } from '../../src/domain/assessment-input.ts';
import { type Lap, lapOf } from '../../src/domain/lap.ts';
import { checkPrices, datePrice } from '../../src/domain/prices.ts';
import { renderAssessment } from '../../src/report/assessment.ts';

const NOW = new Date('2026-11-24');
const around = (ms: number) => Array.from({ length: 12 }, (_, i) => ms * (1 + 0.01 * Math.cos(i)));
const outcomes = { labels: [0, 1, 0, 1], baseline: [0, 1, 0, 0], candidate: [0, 1, 1, 0] };
const lapWith = (candidateMs: number): Lap =>
  lapOf({
    rounds: { baseline: around(10), twin: around(10.2), candidate: around(candidateMs), blocks: 6 },
    outcomes,
    sizeRatio: 0.25,
    host: 'this CPU',
  });

function assessment(lap: Lap | null) {
  const row = {
    ...{ instance: 'cpu', provider: 'p', region: 'r', gpu: null, gpuCount: 0, gpuMemoryGb: null, vcpus: 8 },
    ...{ memoryGib: 16, onDemandUsdPerHour: 1, reservedUsdPerHour: null, spotUsdPerHour: null },
    ...{ source: 'a page', date: '2026-11-20' },
  };
  const checked = checkPrices([row]);
  const dated = datePrice(row, { now: NOW, acceptOld: false });
  const parsed = parseAssessment({ traffic: 200, rate: 60, fee: 1_000 }, row);
  if ('problems' in checked || 'problems' in dated || 'problems' in parsed) throw new Error('refused');
  const model = { name: 'toy', sizeBytes: 4e6 };
  return assess({
    ...{ input: parsed.input, given: new Set<string>(), price: dated.price, now: NOW, model, lap, sizes: null },
  });
}

it('has the speed-up, the loss and the agreement of what was measured', () => {
  const { speedup, accuracyLossPoints, agreement, noise } = lapWith(5);
  expect(speedup).toMatchObject({ basis: 'measured', source: expect.stringContaining('12 interleaved rounds') });
  expect(speedup.lower).toBeCloseTo(2, 1);
  expect(noise[1]).toBeLessThan(1);
  expect(agreement).toBe(0.75);
  expect(accuracyLossPoints.lower).toBeLessThan(25);
  expect(accuracyLossPoints.upper).toBeGreaterThan(25);
});

it('replaces published results, and the report says which figures were measured', () => {
  const found = assessment(lapWith(5));
  expect(found.speedup.basis).toBe('measured');
  expect(found.fleet.instances).toBe(5);
  expect(found.range.savingUsd.p50).toBeCloseTo(2 * 730, 6);
  const report = renderAssessment(found);
  expect(report).toContain('projected from a quick lap');
  expect(report).not.toContain('nothing in this report was measured');
  expect(renderAssessment(assessment(null))).toContain('nothing in this report was measured');
});

it('says that a speed-up inside the noise is none', () => {
  expect(assessment(lapWith(10.1)).notes.join()).toContain('count on none');
  expect(assessment(lapWith(5)).notes.join()).not.toContain('count on none');
});

import { describe, expect, it } from 'vitest';
import { type SensitiveSet, sensitiveSet } from '../../../src/domain/search/sensitive-set.ts';
import { seededRandom, shuffle } from '../../../src/domain/statistics/random.ts';

const LAYERS = Array.from({ length: 36 }, (_, i) => `layer-${i}`);

/** Plays the model: the margin holds when every sensitive layer is excluded. */
function find(ranking: string[], sensitive: string[], budget = 12): SensitiveSet & { asked: string[][] } {
  const asked: string[][] = [];
  const search = sensitiveSet(ranking, budget);
  let step = search.next();
  while (!step.done) {
    asked.push(step.value);
    step = search.next(sensitive.every((name) => (step.value as string[]).includes(name)));
  }
  return { ...step.value, asked };
}

describe('sensitiveSet', () => {
  it.each([0, 1, 2, 3, 4, 5])('finds %i sensitive layers of 36, ranked first, exactly', (count) => {
    const sensitive = LAYERS.slice(0, count);
    const found = find(LAYERS, sensitive);
    expect(found.excluded).toEqual(sensitive);
    expect(found.isExact).toBe(true);
    expect(found.evaluations).toBeLessThanOrEqual(12);
    expect(found.asked.length).toBe(found.evaluations);
  });

  it('frees a harmless layer that was ranked among the harmful', () => {
    const { excluded, isExact } = find(LAYERS, ['layer-0', 'layer-2', 'layer-3']);
    expect(excluded).toEqual(['layer-0', 'layer-2', 'layer-3']);
    expect(isExact).toBe(true);
  });

  it('never asks twice, and always ends with a set that holds', () => {
    const random = seededRandom(7);
    for (let turn = 0; turn < 200; turn++) {
      const ranking = shuffle([...LAYERS], random);
      const sensitive = ranking.filter(() => random.next() < 0.1);
      const { excluded, asked } = find(ranking, sensitive);
      expect(new Set(asked.map(String)).size).toBe(asked.length);
      expect(sensitive.every((name) => excluded.includes(name))).toBe(true);
    }
  });

  it('keeps the best so far when the budget ends, and says that it is not exact', () => {
    const { excluded, isExact, evaluations } = find(LAYERS, ['layer-0', 'layer-5'], 5);
    expect(evaluations).toBe(5);
    expect(isExact).toBe(false);
    expect(excluded).toContain('layer-5');
    expect(excluded.length).toBeLessThan(36);
  });

  it('refuses a budget of nothing', () => {
    expect(() => sensitiveSet(LAYERS, 0).next()).toThrow('budget must be at least 1 evaluation, not 0');
  });
});

import { describe, expect, it } from 'vitest';
import { accuracy, compareOutcomes, macroF1, worstRegressions } from '../../src/domain/metrics.ts';

// scikit-learn 1.9: f1_score(labels, top1, average='macro', zero_division=0)
const MACRO_F1: [string, number[], number[], number][] = [
  ['plain', [0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 2], 0.8222222222222223],
  ['a class in the predictions alone', [0, 0, 0, 0], [0, 0, 0, 3], 0.42857142857142855],
  ['nothing right', [1, 1, 1], [2, 2, 2], 0],
  ['classes with gaps', [5, 5, 7, 9, 9, 9, 2], [5, 7, 7, 9, 2, 9, 2], 0.7],
  [
    'six classes',
    [
      2, 3, 4, 5, 0, 0, 4, 5, 1, 1, 5, 2, 1, 4, 1, 2, 3, 3, 0, 0, 5, 4, 5, 3, 4, 1, 2, 4, 0, 1, 0, 2, 5, 0, 2, 2, 5, 1,
      3, 1,
    ],
    [
      3, 3, 4, 0, 5, 3, 4, 5, 1, 5, 5, 2, 1, 1, 1, 3, 3, 3, 0, 0, 5, 0, 5, 3, 2, 1, 2, 2, 0, 3, 0, 0, 5, 4, 2, 2, 5, 4,
      2, 1,
    ],
    0.6120879120879121,
  ],
];

const ROWS = {
  labels: [0, 0, 1, 1, 2, 2, 2, 0],
  baseline: [0, 0, 1, 0, 2, 2, 1, 1],
  candidate: [0, 1, 1, 1, 2, 0, 0, 1],
  slices: {
    size: ['s', 'l', 's', 'l', 's', 'l', 's', 'l'],
    group: ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'],
  },
};

describe('metrics', () => {
  it.each(MACRO_F1)('macro F1 is what scikit-learn says: %s', (_, labels, top1, expected) => {
    expect(macroF1(labels, top1)).toBeCloseTo(expected, 14);
  });

  it('counts lost, won and changed rows', () => {
    expect(compareOutcomes(ROWS)).toMatchObject({
      rows: 8,
      accuracyBaseline: 5 / 8,
      accuracyCandidate: 4 / 8,
      lost: 2, // rows 1 and 5
      won: 1, // row 3
      flips: 4, // row 6 too: wrong before and after, but another class
      flipShare: 0.5,
      agreement: 0.5,
    });
  });

  it('counts the same per slice, in the order of columns and values', () => {
    const { slices } = compareOutcomes(ROWS);
    expect(slices).toEqual([
      { name: 'size=l', rows: 4, accuracyBaseline: 0.5, accuracyCandidate: 0.25, lost: 2, won: 1 },
      { name: 'size=s', rows: 4, accuracyBaseline: 0.75, accuracyCandidate: 0.75, lost: 0, won: 0 },
      { name: 'group=a', rows: 4, accuracyBaseline: 0.75, accuracyCandidate: 0.75, lost: 1, won: 1 },
      { name: 'group=b', rows: 4, accuracyBaseline: 0.5, accuracyCandidate: 0.25, lost: 1, won: 0 },
    ]);
  });

  it('takes typed arrays, and no slices', () => {
    const typed = { labels: Int32Array.from(ROWS.labels), baseline: Int32Array.from(ROWS.baseline) };
    const outcomes = compareOutcomes({ ...typed, candidate: typed.baseline });
    expect(outcomes).toMatchObject({ flips: 0, agreement: 1, lost: 0, won: 0, slices: [] });
    expect(outcomes.macroF1Candidate).toBe(outcomes.macroF1Baseline);
    expect(accuracy(typed.labels, typed.baseline)).toBe(5 / 8);
  });

  it('lists the lost rows that the baseline was surest of', () => {
    const ids = ROWS.labels.map((_, row) => `row-${row}`);
    const input = { ...ROWS, ids, baselineMargins: [0.9, 0.2, 0.9, 0.9, 0.9, 0.8, 0.9, 0.9] };
    expect(worstRegressions({ ...input, limit: 5 }).map((row) => row.id)).toEqual(['row-5', 'row-1']);
    expect(worstRegressions({ ...input, limit: 1 })).toEqual([
      { id: 'row-5', label: 2, baseline: 2, candidate: 0, baselineMargin: 0.8 },
    ]);
  });

  it.each([
    [{ labels: [], baseline: [], candidate: [] }, 'labels has no rows'],
    [{ ...ROWS, candidate: [1] }, 'candidate has 1 rows and labels has 8'],
    [{ ...ROWS, slices: { size: ['s'] } }, 'slices.size has 1 rows and labels has 8'],
  ])('refuses %j', (input, message) => {
    expect(() => compareOutcomes(input)).toThrow(message);
  });
});

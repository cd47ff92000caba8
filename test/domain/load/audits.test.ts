import { expect, it } from 'vitest';
import { auditAccuracy, auditCaching } from '../../../src/domain/load/audits.ts';

const rows = [0, 1, 2, 0, 1, 2];
const expected = [5, 6, 7];

it('finds the rows that are answered otherwise under load', () => {
  const audit = { rows, expected, checks: 10, seed: 1 };
  expect(auditAccuracy({ ...audit, answers: [5, 6, 7, 5, 6, 7] })).toEqual({ checked: 6, differing: [] });
  expect(auditAccuracy({ ...audit, answers: [5, 6, 7, 5, 9, 7] })).toEqual({ checked: 6, differing: [1] });
});

it('draws the part it checks from all of the run', () => {
  const many = Array.from({ length: 1_000 }, () => 0);
  const drawn = auditAccuracy({
    rows: many,
    expected: [5],
    answers: many.map((_, i) => (i < 500 ? 5 : 4)),
    checks: 20,
    seed: 3,
  });
  expect(drawn).toEqual({ checked: 20, differing: [0] });
  expect(() => auditAccuracy({ rows, expected, answers: rows, checks: 0, seed: 1 })).toThrow('checks must be');
});

it('takes more than a tenth for a cache', () => {
  expect(auditCaching({ repeatedMs: [10, 10, 10], mixedMs: [11, 11, 11] }).isCached).toBe(false);
  expect(auditCaching({ repeatedMs: [10, 10, 10], mixedMs: [12, 11.5, 12] })).toEqual({ gain: 1.2, isCached: true });
  expect(() => auditCaching({ repeatedMs: [], mixedMs: [1] })).toThrow('repeatedMs needs');
});

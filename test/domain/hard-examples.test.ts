import { expect, it } from 'vitest';
import { hardExamples } from '../../src/domain/hard-examples.ts';

it('takes a tenth of the rows by margin, length and rarity', () => {
  const rows = Array.from({ length: 20 }, (_, row) => row);
  const columns = hardExamples({
    labels: rows.map((row) => (row === 3 || row === 7 ? row : 0)),
    baselineMargins: rows.map((row) => (row === 4 ? 0.01 : row === 5 ? 0.02 : 0.9)),
    lengths: rows,
  });
  const chosen = (column: string, name: string) => rows.filter((row) => columns[column]![row] === name);
  expect(chosen('margin', 'lowest')).toEqual([4, 5]);
  expect(chosen('length', 'longest')).toEqual([18, 19]);
  expect(chosen('class', 'rarest')).toEqual([3, 7]);
});

it('has at least one row of each', () => {
  const columns = hardExamples({ labels: [0, 1], baselineMargins: [0.5, 0.1], lengths: [1, 1] });
  expect(columns).toEqual({ margin: ['other', 'lowest'], length: ['longest', 'other'], class: ['rarest', 'other'] });
});

it('takes the images of least contrast where there are no lengths', () => {
  const columns = hardExamples({ labels: [0, 1], baselineMargins: [0.5, 0.1], contrasts: [0.9, 0.2] });
  expect(columns).toEqual({
    margin: ['other', 'lowest'],
    contrast: ['other', 'lowest'],
    class: ['rarest', 'other'],
  });
});

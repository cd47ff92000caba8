import { describe, expect, it } from 'vitest';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { candidateLine, closingDocument } from './closing-document.ts';
import { render, section, textOf } from './rendered.ts';

const { quality, baseline, optimized } = closingDocument();
const line = candidateLine({
  role: 'holdout',
  macroF1: null,
  checks: [],
  mcnemarP: 0.5,
  regressions: [{ id: 'row-7', baseline: 1, candidate: 0.25 }],
  hardExamples: [
    {
      name: 'length=longest',
      rows: 90,
      accuracyBaseline: 0.9,
      accuracyCandidate: 0.89,
      dropUpper: 0.03,
      verdict: 'successful',
    },
  ],
});

/** Judged by an evaluator, without a rollout. */
const scored: Partial<ClosingDocument> = {
  quality: { ...quality!, metric: 'reciprocal rank', evaluator: { folder: 'e', entryPoint: 'a:b' } },
  package: 'express',
  baseline: { ...baseline!, macroF1: undefined },
  optimized: { ...optimized!, macroF1: undefined },
  candidates: [{ ...line, role: 'selection' }],
  holdout: line,
  rollout: null,
  support: null,
};

describe('the report of an engagement that an evaluator judged', () => {
  const page = render(scored);
  const text = textOf(page);

  it('names the metric and nowhere accuracy, classes or F1', () => {
    expect(text).toContain('loses 0.10 points of reciprocal rank on the hold-out data');
    expect(text).toContain('Reciprocal rank drop, points');
    expect(text).toContain('rows with another score than FP32');
    expect(section(page, 'comparison')).toContain('Reciprocal rank 95.06 %');
    for (const word of [/accuracy/i, /macro/i, /top class/i, /flips/i]) expect(text).not.toMatch(word);
  });

  it('lists the rows that lost most, with their scores', () => {
    const shown = section(page, 'candidates');
    expect(shown).toContain('Rows whose reciprocal rank fell most on the hold-out data, at most 1');
    expect(shown).toContain('p = 0.500 (exact sign test)');
    expect(shown).toContain('row-7 1.0000 0.2500 0.7500');
    expect(shown).toContain('The tenth of the rows that are longest on the hold-out data');
    const contrast = [{ ...line.hardExamples![0]!, name: 'contrast=lowest' }];
    const ofImages = render({ ...scored, holdout: { ...line, hardExamples: contrast } });
    expect(section(ofImages, 'candidates')).toContain('The tenth of the rows of least contrast on the hold-out data');
  });

  it.each([
    ['spearman', 'Spearman correlation 0.9506', 'one pair more that the candidate turned round', 'sign test'],
    ['cosine', 'Cosine 0.9506', 'one row more whose vector was turned round', 'farthest from FP32'],
    ['f1', 'F1 95.06 %', 'as SQuAD does', 'two dlrs'],
  ])('tells %s as what it is', (metric, value, meaning, regression) => {
    const answers = metric === 'f1' ? { answers: { baseline: 'two dlrs', candidate: 'dlrs' } } : {};
    const regressions = [{ id: 'row-7', baseline: 1, candidate: 0.25, ...answers }];
    const holdout = { ...line, regressions };
    const page = render({ ...scored, quality: { ...quality!, metric }, holdout });
    expect(section(page, 'comparison')).toContain(value);
    expect(section(page, 'terms')).toContain(textOf(meaning));
    expect(section(page, 'candidates')).toContain(regression);
    for (const word of [/accuracy/i, /macro/i, /top class/i, /flips/i, /evaluator/i])
      expect(textOf(page)).not.toMatch(word);
    expect(textOf(page).includes('sign test')).toBe(metric !== 'cosine');
  });

  it('says why nothing is compared where no candidate was left', () => {
    const reason = 'no candidate is left that holds every requirement';
    const page = render({ ...scored, verdict: 'inconclusive', reason, chosen: null, optimized: null, holdout: null });
    expect(section(page, 'comparison')).toContain(`No optimized model is compared: ${reason}`);
  });

  it('says by which bound it was judged', () => {
    expect(section(page, 'terms')).toContain(
      'BCa bootstrap over the rows’ differences and one row more that lost everything'
    );
  });
});

import { describe, expect, it } from 'vitest';
import { bestAnswer, exactMatch, normalizedAnswer, wordF1 } from '../../src/domain/answers.ts';
import golden from '../golden/scored.json' with { type: 'json' };

describe('an answer to a question', () => {
  it.each(golden.answers)('$given is held against $right as SQuAD does', ({ given, right, ...values }) => {
    expect(normalizedAnswer(given)).toBe(values.normalized);
    expect(exactMatch(given, right)).toBe(values.exactMatch);
    expect(wordF1(given, right)).toBeCloseTo(values.f1, 12);
  });

  it.each(golden.spans)('is the best part of the context, $answer', ({ spans, logits, context, ...one }) => {
    const truth = { context, spans: spans as ([number, number] | null)[], answers: [] };
    expect(bestAnswer(truth, logits, one.maximumTokens)).toBe(one.answer);
  });

  it('is the first of equal ones, never outside of the context and never back to front', () => {
    const truth = {
      context: 'two dlrs',
      spans: [null, [0, 3], [4, 8], null] as ([number, number] | null)[],
      answers: [],
    };
    expect(bestAnswer(truth, { start: [9, 0, 0, 9], end: [9, 0, 0, 9] }, 5)).toBe('two');
    expect(bestAnswer(truth, { start: [0, 0, 5, 0], end: [0, 5, 0, 0] }, 5)).toBe('two');
    expect(bestAnswer(truth, { start: [0, 1, 0, 0], end: [0, 0, 1, 0] }, 5)).toBe('two dlrs');
  });
});

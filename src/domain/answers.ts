/** What the answers to a question are held against. */
export interface QuestionTruth {
  context: string;
  /** Of each token of the input, where it lies in the context, in code points; null outside of it. */
  spans: ([number, number] | null)[];
  /** Each of them is right. */
  answers: string[];
}

/**
 * As SQuAD compares answers: lower case, without punctuation, articles and additional spaces. Source: P. Rajpurkar, J.
 * Zhang, K. Lopyrev, P. Liang, SQuAD: 100,000+ Questions for Machine Comprehension of Text, EMNLP 2016, section 6.1.
 */
export function normalizedAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, ' ')
    .trim()
    .replace(/\s+/g, ' ');
}

/** 1 where the answer is one of the right ones, 0 elsewhere. */
export function exactMatch(answer: string, right: string[]): number {
  const given = normalizedAnswer(answer);
  return right.some((each) => normalizedAnswer(each) === given) ? 1 : 0;
}

/** Harmonic mean of the shares of common words in the answer and in the right one that is nearest; 0 to 1. */
export function wordF1(answer: string, right: string[]): number {
  return Math.max(...right.map((each) => overlap(wordsOf(answer), wordsOf(each))));
}

const wordsOf = (text: string): string[] => normalizedAnswer(text).split(' ').filter(Boolean);

function overlap(given: string[], right: string[]): number {
  if (given.length === 0 || right.length === 0) return given.length === right.length ? 1 : 0;
  const left = Map.groupBy(right, (word) => word);
  const common = given.filter((word) => left.get(word)?.pop() !== undefined).length;
  return (2 * common) / (given.length + right.length);
}

/** The part of the context whose first and last token have the largest sum of logits; of equal ones the first. */
export function bestAnswer(
  { context, spans }: QuestionTruth,
  logits: { start: ArrayLike<number>; end: ArrayLike<number> },
  maximumTokens: number
): string {
  let best = { sum: Number.NEGATIVE_INFINITY, from: 0, to: 0 };
  for (const [first, from] of spans.entries()) {
    if (!from) continue;
    for (let last = first; last < first + maximumTokens && spans[last]; last++) {
      const sum = logits.start[first]! + logits.end[last]!;
      if (sum > best.sum) best = { sum, from: from[0], to: spans[last]![1] };
    }
  }
  return [...context].slice(best.from, best.to).join('');
}

import { describe, expect, it } from 'vitest';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import { best, OLDER_SPEED_TIE, ranked } from '../../src/domain/recipes.ts';

const measured = (id: string, speedup: number, lost: number, over: Partial<CandidateResult> = {}) =>
  ({ id, verdict: 'successful', figures: { speedup, lost, flips: lost, sizeRatio: 0.25 }, ...over }) as CandidateResult;
const ids = (candidates: CandidateResult[]) => candidates.map(({ id }) => id);

describe('ranked candidates', () => {
  it('stand by speed where it differs', () => {
    expect(ids(ranked([measured('slow', 1.2, 0), measured('fast', 2, 9)]))).toEqual(['fast', 'slow']);
  });

  it.each([
    [1.5, 1.46],
    [1.46, 1.5],
  ])('stand by the rows they lose where speeds of %d and %d are as good as equal', (a, b) => {
    expect(ids(ranked([measured('loses-two', a, 2), measured('loses-one', b, 1)]))).toEqual(['loses-one', 'loses-two']);
  });

  it('stand by speed where one is 6 % slower, though it loses fewer rows', () => {
    const all = [measured('fewer', 1.41, 0), measured('faster', 1.5, 8)];
    expect(ids(ranked(all))).toEqual(['faster', 'fewer']);
    expect(ids(ranked(all, OLDER_SPEED_TIE))).toEqual(['fewer', 'faster']);
  });

  it('are ranked among the slower ones in the same way', () => {
    const all = [measured('x', 1.2, 3), measured('fast', 2, 9), measured('y', 1.16, 1)];
    expect(ids(ranked(all))).toEqual(['fast', 'y', 'x']);
  });

  it('leave out what was not measured, and the best of them holds every requirement', () => {
    const failed = measured('failed', 3, 0, { verdict: 'failed' });
    const { figures: _, ...unmeasured } = measured('unmeasured', 3, 0);
    expect(ids(ranked([unmeasured, failed]))).toEqual(['failed']);
    expect(best([failed, measured('holds', 1.1, 0)])?.id).toBe('holds');
    expect(best([failed])).toBeUndefined();
  });
});

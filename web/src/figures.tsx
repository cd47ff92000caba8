import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { candidates } from '../../src/report/candidates.ts';
import { comparison } from '../../src/report/comparison.ts';
import { cost } from '../../src/report/cost.ts';
import { load } from '../../src/report/load.ts';
import { sensitivity } from '../../src/report/sensitivity.ts';
import { support } from '../../src/report/support.ts';
import { training } from '../../src/report/training.ts';
import { Shown } from './parts.tsx';

/** The closing report's own sections on what there is so far; loaded after the page stands. */
export default function Figures({ document }: { document: ClosingDocument }) {
  return (
    <>
      {document.candidates.length > 0 && <Shown html={candidates(document)} />}
      {document.optimized && <Shown html={comparison(document)} />}
      <Shown html={cost(document)} />
      <Shown html={load(document)} />
      <Shown html={sensitivity(document)} />
      <Shown html={training(document)} />
      {document.support && <Shown html={support(document)} />}
    </>
  );
}

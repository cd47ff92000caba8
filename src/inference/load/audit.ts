import { auditCaching, type CachingAudit } from '../../domain/load/audits.ts';
import { type LoadTarget, runLoad } from './run.ts';

const REPEATS = 60;
const OTHER_ROWS = 20;
const ATTEMPTS = 2; // where a process is placed can make one look faster; a cache does so every time

/**
 * Asks one row again and again, and among other rows, and compares how fast it is answered. Interleaved blocks, so
 * that what happens to the host happens to both.
 */
export async function auditRepeats(input: {
  target: LoadTarget;
  /** The row that is repeated. */
  row: number;
  /** Rows asked in between; none of them may be `row`. */
  others: readonly number[];
  signal?: AbortSignal;
}): Promise<CachingAudit> {
  const { target, row, others, signal } = input;
  if (others.length === 0 || others.includes(row))
    throw new RangeError(`others must name rows other than ${row}, not [${others}]`);
  const repeatedMs: number[] = [];
  const mixedMs: number[] = [];
  for (let block = 0; block < 4; block++) {
    const isRepeated = block % 3 === 0; // A B B A
    const rows = Int32Array.from({ length: isRepeated ? REPEATS : 2 * REPEATS }, (_, i) =>
      isRepeated || i % 2 === 0 ? row : others[((i - 1) / 2) % others.length]!
    );
    const { log } = await runLoad({ target, scenario: 'single-stream', rows, signal });
    for (const [i, asked] of rows.entries())
      if (asked === row) (isRepeated ? repeatedMs : mixedMs).push(log.completedMs[i]! - log.startedMs[i]!);
  }
  return auditCaching({ repeatedMs, mixedMs });
}

/** The first row of `rows` against the next ones; at least 2 rows. */
export async function auditCache(input: {
  target: LoadTarget;
  rows: number;
  signal?: AbortSignal;
}): Promise<CachingAudit> {
  const { target, rows, signal } = input;
  const others = Array.from({ length: Math.min(OTHER_ROWS, rows - 1) }, (_, i) => i + 1);
  for (let attempt = 1; ; attempt++) {
    const audit = await auditRepeats({ target, row: 0, others, signal });
    if (!audit.isCached || attempt === ATTEMPTS) return audit;
  }
}

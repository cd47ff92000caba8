/** successful: proven; failed: the subject is bad; error: it could not be measured; inconclusive: look or gather more. */
export type Verdict = 'successful' | 'failed' | 'error' | 'inconclusive';

/** One requirement of a quality gate with the figures it was decided on. */
export interface Check {
  name: string;
  verdict: Verdict;
  /** A sentence with the figures, for people. */
  reason: string;
}

const SEVERITY: Verdict[] = ['error', 'failed', 'inconclusive', 'successful'];

/** The verdict of checks that must all hold: the worst of them; of no checks at all, inconclusive. */
export function combine(checks: Check[]): Verdict {
  return SEVERITY.find((verdict) => checks.some((check) => check.verdict === verdict)) ?? 'inconclusive';
}

/** What decided: the reasons of the checks that carry the combined verdict; that all hold is said in a few words. */
export function reasonOf(checks: Check[]): string {
  const verdict = combine(checks);
  if (verdict === 'successful' && checks.length > 1) return `all ${checks.length} requirements hold`;
  return checks
    .filter((check) => check.verdict === verdict)
    .map((check) => check.reason)
    .join('; ');
}

/** Of candidates of which none passed: inconclusive when a person could still make something of one, or none was tried. */
export function withoutWinner(candidates: readonly { verdict: Verdict }[]): Verdict {
  if (candidates.length === 0) return 'inconclusive';
  if (candidates.some(({ verdict }) => verdict === 'inconclusive')) return 'inconclusive';
  return candidates.every(({ verdict }) => verdict === 'error') ? 'error' : 'failed';
}

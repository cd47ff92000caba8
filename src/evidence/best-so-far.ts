import { canonicalJson } from '../domain/canonical-json.ts';
import type { CandidateResult } from '../domain/engagement.ts';
import type { Trial } from '../domain/measurement.ts';
import { best } from '../domain/recipes.ts';
import { sha256 } from '../storage/artifacts.ts';
import type { JournalEntry } from '../storage/journal.ts';

/** The candidate that would be chosen by what the journal says up to now, with its trial; undefined where none holds. */
export function bestSoFar(entries: JournalEntry[]): (CandidateResult & { trial: Trial }) | undefined {
  const bodies = (kind: JournalEntry['kind']) => entries.filter((entry) => entry.kind === kind).map(({ body }) => body);
  const trials = new Map((bodies('trial') as Trial[]).map((trial) => [trial.recipeSha256, trial]));
  const judged = (bodies('verdict') as CandidateResult[]).filter(({ recipe }) => recipe); // others are of phases
  const latest = [...new Map(judged.map((candidate) => [candidate.id, candidate])).values()];
  const proven = latest.filter(({ figures, verdict }) => figures?.role === 'holdout' && verdict === 'successful');
  const chosen = proven.at(-1) ?? best(latest);
  const trial = chosen && trials.get(sha256(canonicalJson(chosen.recipe)));
  return trial && { ...chosen, scheme: chosen.recipe.scheme, trial };
}

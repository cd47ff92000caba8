import type { ArtifactRef } from './artifact.ts';
import type { CandidateResult, EngagementState } from './engagement.ts';

/** A file that figures of the closing document come from. */
export interface EvidenceFile {
  /** What the report cites it by: `verdict-ptq-1`, `candidate-int8-dynamic`, ... */
  id: string;
  what: string;
  /** In the data directory. */
  path: string;
  /** Null for what is no artifact: the ledger's measurements and the journal, whose entries are chained by hashes. */
  sha256: string | null;
}

/** Every file behind the figures, in the order of the phases; of a candidate that was judged again, the last. */
export function evidenceFiles(state: EngagementState): EvidenceFile[] {
  const { baseline, candidates, holdout, phases, loadTests, guide, spec } = state;
  const verdicts = (...names: string[]) =>
    phases
      .filter(({ name }) => names.includes(name))
      .map(({ name, attempt, evidence }) =>
        artifact(
          `verdict-${name}-${attempt}`,
          `Phase ${name}${attempt > 1 ? `, run ${attempt}` : ''}: verdict`,
          evidence
        )
      );
  const latest = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const chosen = holdout?.candidate;
  return [
    ...verdicts('baseline'),
    artifact('baseline-predictions', 'FP32: every answer on the selection data', baseline?.predictions.arrow),
    measured('load-baseline', 'FP32 under load: every probe', loadTests?.baseline?.key),
    ...verdicts('ptq'),
    ...[...latest.values()].flatMap(filesOf),
    ...(chosen ? [artifact('holdout', `${chosen.id} on the hold-out: verdict`, chosen.evidence)] : []),
    measured('load-chosen', `${chosen?.id ?? 'chosen'} under load: every probe`, loadTests?.chosen?.key),
    ...verdicts('optimization'),
    artifact('guide', 'Deployment guide: files, options, expected figures, thresholds', guide),
    ...verdicts('rollout', 'support'),
    {
      id: 'journal',
      what: 'Journal: every step, measurement and decision',
      path: `journals/${spec.engagement}.jsonl`,
      sha256: null,
    },
  ].filter((found) => found !== undefined);
}

function filesOf({ id, evidence, trial, givenUp }: CandidateResult): (EvidenceFile | undefined)[] {
  return [
    artifact(`candidate-${id}`, `${id}: verdict with all requirements`, evidence),
    artifact(`latency-${id}`, `${id}: every latency of it and of FP32, in turns`, (trial ?? givenUp)?.latency?.rounds),
    artifact(`predictions-${id}`, `${id}: every answer on the selection data`, trial?.predictions.arrow),
  ];
}

const artifact = (id: string, what: string, ref: ArtifactRef | undefined): EvidenceFile | undefined =>
  ref && { id, what, path: `artifacts/${ref.uri}`, sha256: ref.sha256 };

const measured = (id: string, what: string, key: string | undefined): EvidenceFile | undefined =>
  key === undefined ? undefined : { id, what, path: `trials/${key}.json`, sha256: null };

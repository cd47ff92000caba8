import type { ArtifactRef } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { judge } from '../domain/judge.ts';
import { supportCheck } from '../domain/support.ts';
import type { EvidenceLine, JudgeConfig, StageResult } from '../domain/traffic.ts';
import { type Check, combine } from '../domain/verdict.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { Journal } from '../storage/journal.ts';
import type {
  CandidateEvidence,
  EfficiencyEvidence,
  Evidence,
  PhaseEvidence,
  RolloutEvidence,
  SupportEvidence,
} from './evidence.ts';
import { efficiencyFromFiles, judgeFromFiles } from './judge-candidate.ts';

export interface VerifyResult {
  entries: number;
  artifacts: number;
  verdicts: number;
  /** Each names the place; empty when everything holds. */
  faults: string[];
}

/** Recomputes the journal's chain, the hash of every file that it names, and every verdict from its evidence. */
export async function verifyEngagement(
  engagement: string,
  folders: { artifacts: string; journals: string }
): Promise<VerifyResult> {
  const journal = new Journal(folders.journals, engagement);
  const faults = await journal.faults();
  if (faults.length > 0) return { entries: 0, artifacts: 0, verdicts: 0, faults };
  const entries = await journal.entries();
  const walk = new EvidenceWalk(new ArtifactStore(folders.artifacts));
  for (const entry of entries) await walk.visit(entry.body, `${journal.path}:${entry.sequence} (${entry.event})`);
  return { entries: entries.length, artifacts: walk.seen.size, verdicts: walk.verdicts, faults: walk.faults };
}

/** Follows every reference to a file, and what evidence files refer to in turn. */
class EvidenceWalk {
  readonly seen = new Set<string>();
  readonly faults: string[] = [];
  verdicts = 0;
  private readonly artifacts: ArtifactStore;

  constructor(artifacts: ArtifactStore) {
    this.artifacts = artifacts;
  }

  async visit(value: unknown, place: string): Promise<void> {
    for (const ref of referencesIn(value)) {
      if (this.seen.has(ref.sha256)) continue;
      this.seen.add(ref.sha256);
      await this.visitFile(ref, `${place} → ${this.artifacts.path(ref)}`);
    }
  }

  private async visitFile(ref: ArtifactRef, place: string): Promise<void> {
    try {
      await this.artifacts.verified(ref);
      if (!ref.uri.endsWith('.json')) return;
      const content = await this.artifacts.readJson<unknown>(ref);
      await this.visit(content, place);
      if (isEvidence(content)) await this.rejudge(content, place);
    } catch (error) {
      this.faults.push(`${place}: ${error instanceof Error ? error.message : error}`);
    }
  }

  private async rejudge(evidence: Evidence, place: string): Promise<void> {
    const complaint = await COMPLAINTS[evidence.kind](evidence as never, this.artifacts);
    this.verdicts += 1;
    if (complaint) this.faults.push(`${place}: ${complaint}`);
  }
}

const COMPLAINTS = {
  candidate: async ({ checks, ...basis }: CandidateEvidence, artifacts: ArtifactStore) =>
    agree((await judgeFromFiles(basis, artifacts)).checks, checks)
      ? undefined
      : 'the verdict does not follow from the predictions and latencies',
  efficiency: async ({ checks, ...basis }: EfficiencyEvidence, artifacts: ArtifactStore) =>
    agree(await efficiencyFromFiles(basis, artifacts), checks)
      ? undefined
      : 'the verdict does not follow from the latencies and kernels',
  phase: async ({ candidates }: PhaseEvidence, artifacts: ArtifactStore) => {
    for (const { id, checks, evidence } of candidates) {
      if (!evidence) continue;
      const own = await artifacts.readJson<CandidateEvidence>(evidence);
      if (combine(own.checks) !== combine(checks)) return `candidate ${id} has another verdict in its own evidence`;
    }
    return undefined;
  },
  rollout: async ({ judge: config, stages }: RolloutEvidence) => {
    for (const stage of stages) {
      const judged = configsOf(stage, config).map((one) => judge(stage.counts, one));
      const found = judged.find(({ evidence }) => same(evidence.map(tested), stage.evidence.map(tested)));
      if (!found) return 'the e-values do not follow from the counts';
      // Who else ends a stage, an operator or the time, is in the journal and not among the counts.
      if (stage.verdict === 'successful' && !stage.promoted && found.action !== 'promote')
        return `stage ${stage.weight} passed, and its counts say to ${found.action}`;
    }
    return undefined;
  },
  support: async ({ checks, support }: SupportEvidence) =>
    agree([supportCheck(support)], checks) ? undefined : 'the verdict does not follow from the incidents',
};

/** A rollout that began before there were all guardrails, or other bets, keeps to those of its time. */
function configsOf({ evidence }: StageResult, { guardrails, harmBets, ...config }: JudgeConfig): JudgeConfig[] {
  if (!guardrails || !evidence.some(({ name }) => name === 'sample-ratio')) return [config];
  const guarded = { ...config, guardrails };
  return harmBets ? [{ ...guarded, harmBets }, guarded] : [guarded];
}

/** In verdicts and in every number of their reasons: a later Stepdown may say the same in other words. */
const agree = (found: Check[], recorded: Check[]): boolean => same(found.map(judged), recorded.map(judged));

const judged = ({ name, verdict, reason }: Check) => ({ name, verdict, numbers: reason.match(/-?\d+(\.\d+)?/g) });

const tested = ({ name, action, lnE, bound }: EvidenceLine) => ({ name, action, lnE, bound });

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function isEvidence(content: unknown): content is Evidence {
  const kind = (content as { kind?: unknown } | null)?.kind;
  return typeof kind === 'string' && kind in COMPLAINTS;
}

/** Every artifact reference in a document, at any depth, in order. */
function referencesIn(value: unknown): ArtifactRef[] {
  if (value === null || typeof value !== 'object') return [];
  const { uri, sha256, bytes } = value as Partial<ArtifactRef>;
  if (typeof uri === 'string' && typeof sha256 === 'string' && typeof bytes === 'number') return [value as ArtifactRef];
  return Object.values(value).flatMap(referencesIn);
}

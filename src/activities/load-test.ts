import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { type AccuracyAudit, auditFaults } from '../domain/load/audits.ts';
import type { LoadTest } from '../domain/load/load-test.ts';
import type { Predictions } from '../domain/measurement.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { isScored } from '../domain/tasks.ts';
import { SAME_DIGEST } from '../inference/digest.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { auditCache } from '../inference/load/audit.ts';
import { largestRate } from '../inference/load/largest-rate.ts';
import { type Packed, type PackingCheckpoint, packEach } from '../inference/load/packings.ts';
import { readDigests, readPredictions } from '../inference/predictions.ts';
import { type ArtifactStore, sha256 } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import type { Ledger } from '../storage/ledger.ts';
import { whileBeating } from './heartbeat.ts';
import { permanentIfModels } from './model-fault.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  ledger: Ledger;
  journalOf: (engagement: string) => Journal;
}

interface LoadTestInput {
  engagement: string;
  spec: Spec;
  /** `baseline`, or the candidate's id. */
  subject: string;
  model: ArtifactRef;
  selection: PreparedData;
  /** Answers without load on the same rows. */
  predictions: Predictions;
  /** Where the search begins, queries a second for each replica. */
  startPerReplica: number;
}

/** The last heartbeat: what `stepdown watch` shows, and where the next attempt goes on. */
interface Beat extends PackingCheckpoint {
  stage: string;
  done: number;
  total: number;
}

const SEED = 1;

/** Plays real load; the worker's task queue gives it the host for itself. */
export const createLoadTestActivities = ({ artifacts, ledger, journalOf }: Dependencies) => ({
  /** The largest rate at the service level, with both audits. A finished one is taken from the ledger. */
  async runLoadTest(input: LoadTestInput): Promise<LoadTest> {
    const { engagement, spec, subject, model, selection, predictions, startPerReplica } = input;
    const host = await hostFingerprint();
    const { serving, loadTest } = spec;
    const basis = { model: model.sha256, selection: selection.arrow.sha256, serving, loadTest, host };
    const key = sha256(canonicalJson({ kind: 'load-test', ...basis }));
    const measure = () =>
      whileBeating(async (beat, signal, told) => {
        const started = performance.now();
        const resume = told as Beat | null;
        const target = {
          kind: 'model' as const,
          modelPath: await artifacts.verified(model),
          dataPath: await artifacts.verified(selection.arrow),
          options: sessionOptionsOf(spec),
          answeredBy: isScored(spec.quality) ? ('digest' as const) : ('class' as const),
        };
        const level = { percentile: serving.sloPercentile / 100, limitMs: serving.sloMs };
        const answered = await artifacts.verified(predictions.arrow);
        const known = isScored(spec.quality)
          ? { expected: readDigests(answered).digests, tolerance: SAME_DIGEST }
          : { expected: readPredictions(answered).top1 };
        const { best, packings, all } = await packEach({
          asked: [loadTest.replicas].flat(),
          maximumProbes: loadTest.maximumProbes,
          resume,
          onProgress: beat,
          search: (replicas, from, told) =>
            largestRate({
              ...loadTest,
              target,
              replicas,
              rows: selection.rows,
              level,
              startPerSecond: startPerReplica * replicas,
              seed: SEED,
              ...known,
              resume: from,
              ...told,
              signal,
            }),
        });
        const { cpuMs, accuracy: _, faults, ...found } = best;
        const audits = { accuracy: auditOf(all), caching: await auditCache({ target, rows: selection.rows, signal }) };
        return ledger.record<LoadTest>({
          key,
          modelSha256: model.sha256,
          level,
          ...found,
          packings,
          cpuMsPerQuery: cpuMs / found.queries,
          audits,
          faults: [...faults, ...auditFaults(audits)],
          resumedAfter: probesOf(resume),
          host,
          options: target.options,
          durationMs: performance.now() - started,
        });
      }).catch((error) => {
        throw permanentIfModels(error);
      });
    const test = (await ledger.find<LoadTest>(key)) ?? (await measure());
    await journalOf(engagement).append(`load-test/${subject}/${key}`, 'load-test', { subject, ...test });
    return test;
  },
});

const probesOf = (resume: Beat | null): number =>
  (resume?.packed ?? []).reduce((sum, { probes }) => sum + probes.length, resume?.checkpoint?.probes.length ?? 0);

function auditOf(packed: Packed[]): AccuracyAudit {
  return {
    checked: packed.reduce((sum, { accuracy }) => sum + accuracy.checked, 0),
    differing: [...new Set(packed.flatMap(({ accuracy }) => accuracy.differing))],
  };
}

export type LoadTestActivities = ReturnType<typeof createLoadTestActivities>;

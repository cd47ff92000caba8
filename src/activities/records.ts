import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Document } from 'yaml';
import type { ArtifactRef } from '../domain/artifact.ts';
import { type ClosingInput, closingDocument } from '../domain/closing.ts';
import { deploymentGuide } from '../domain/deployment/guide.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { nextName, proposedSpec } from '../domain/proposed-spec.ts';
import { type Occasion, type Proposal, reasonOfProposal } from '../domain/reoptimization.ts';
import type { Spec } from '../domain/spec.ts';
import type { Incident, Week } from '../domain/support.ts';
import { writeGuidePage } from '../evidence/guide.ts';
import { renderReport } from '../report/report.ts';
import { renderWeek } from '../report/support.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import type { Journal, JournalKind } from '../storage/journal.ts';

const DATE_LENGTH = '2026-11-26'.length;

interface Dependencies {
  artifacts: ArtifactStore;
  journalOf: (engagement: string) => Journal;
  reportsFolder: string;
}

type GuideInput = Parameters<typeof deploymentGuide>[0] & { startedAt: string; writtenAt: string };

/** The journal and the reports: what outlives the workflow. */
export const createRecordActivities = ({ artifacts, journalOf, reportsFolder }: Dependencies) => {
  /** Undefined while one that was started has not failed: nothing need be proposed then. */
  async function nameToPropose(engagement: string): Promise<string | undefined> {
    const name = nextName(engagement);
    const entries = await journalOf(name).entries();
    if (entries.length === 0) return name;
    const end = entries.find(({ kind }) => kind === 'closing')?.body as Pick<ClosingDocument, 'verdict'> | undefined;
    return end && end.verdict !== 'successful' ? nameToPropose(name) : undefined;
  }

  return {
    async writeJournal(input: { engagement: string; event: string; kind: JournalKind; body: unknown }): Promise<void> {
      const { engagement, event, kind, body } = input;
      await journalOf(engagement).append(event, kind, body);
    },

    /** Writes a week of the support window as a page; a repeated call writes the same. */
    async writeWeek(input: { spec: Spec; attempt: number; week: Week; incidents: Incident[] }): Promise<string> {
      const { spec, attempt, week, incidents } = input;
      const run = attempt > 1 ? `-run-${attempt}` : '';
      const path = join(reportsFolder, `${spec.engagement}-support${run}-week-${week.number}.html`);
      await writeAtomically(path, renderWeek(spec, week, incidents));
      const page = await artifacts.putFile(path);
      await journalOf(spec.engagement).append(`week/${attempt}/${week.number}`, 'week', { ...week, page });
      return path;
    },

    /**
     * Writes the specification of another engagement, which only a person starts; a repeated call writes the same.
     * Undefined where it has been started.
     */
    async writeProposal(
      input: { spec: Spec; attempt: number; day: number; at: string; replaces?: Proposal | undefined } & Occasion
    ): Promise<Proposal | undefined> {
      const { spec, attempt, day, at, replaces } = input;
      const engagement = await nameToPropose(spec.engagement);
      if (!engagement) return undefined;
      const reason = reasonOfProposal(input, spec);
      const from = at.slice(0, DATE_LENGTH);
      const yaml = new Document(proposedSpec(spec, engagement, from));
      yaml.commentBefore = ` Proposed on day ${day} of the support of ${spec.engagement}: ${reason}.
 Nothing has been started. Put this file beside the specification of ${spec.engagement}, and into data/from-${from} rows
 of production of these days, labelled as before; no two roles may share a row. Then: stepdown start ${engagement}.yaml`;
      const run = attempt > 1 ? `-run-${attempt}` : '';
      const specification = join(reportsFolder, `${spec.engagement}-support${run}-proposal`, `${engagement}.yaml`);
      await mkdir(dirname(specification), { recursive: true });
      await writeAtomically(specification, yaml.toString({ lineWidth: 100 }));
      const drift = 'drift' in input ? input.drift : undefined;
      const proposal = { engagement, day, at, reason, drift, specification };
      const file = await artifacts.putFile(specification);
      const event = replaces ? `proposal/${attempt}/day-${day}` : `proposal/${attempt}`;
      await journalOf(spec.engagement).append(event, 'proposal', { ...proposal, file });
      return proposal;
    },

    /** Keeps the deployment guide and writes its page; a repeated call writes the same. */
    async writeGuide(input: GuideInput): Promise<ArtifactRef> {
      const { state, sources, startedAt, writtenAt } = input;
      const { engagement } = state.spec;
      const guide = await artifacts.putJson(deploymentGuide(input));
      const { verdict, reason } = state.phases.at(-1)!;
      const ends = { startedAt, endedAt: writtenAt, verdict, reason };
      const paths = { report: '', journal: journalOf(engagement).path };
      await writeGuidePage(
        closingDocument({ state: { ...state, guide }, economics: sources.economics, ...ends }, paths),
        artifacts,
        reportsFolder
      );
      await journalOf(engagement).append('guide', 'guide', { guide });
      return guide;
    },

    /** Writes the report, the guide's page and the closing document; a repeated call writes the same. */
    async writeClosing(input: ClosingInput): Promise<ClosingDocument> {
      const { engagement } = input.state.spec;
      const paths = { report: join(reportsFolder, `${engagement}.html`), journal: journalOf(engagement).path };
      const document = closingDocument(input, paths);
      await writeAtomically(paths.report, renderReport(document));
      await writeGuidePage(document, artifacts, reportsFolder); // it says what became of the rollout
      const kept: Record<'document' | 'report', ArtifactRef> = {
        document: await artifacts.putJson(document),
        report: await artifacts.putFile(paths.report),
      };
      await journalOf(engagement).append('closing', 'closing', {
        verdict: input.verdict,
        reason: input.reason,
        ...kept,
      });
      return document;
    },
  };
};

export type RecordActivities = ReturnType<typeof createRecordActivities>;

import { join } from 'node:path';
import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { renderGuide } from '../report/deployment.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import { writeAtomically } from '../storage/atomic-write.ts';

/** Undefined where nothing was released. */
export async function readGuide(
  { guide }: Pick<ClosingDocument, 'guide'>,
  artifacts: ArtifactStore
): Promise<DeploymentGuide | undefined> {
  return guide ? artifacts.readJson<DeploymentGuide>(guide) : undefined;
}

/** The guide and its page as things stand: what became of the rollout is in it. */
export async function writeGuidePage(
  document: ClosingDocument,
  artifacts: ArtifactStore,
  reportsFolder: string
): Promise<{ report: string; guide: DeploymentGuide } | undefined> {
  const guide = await readGuide(document, artifacts);
  if (!guide) return undefined;
  const report = join(reportsFolder, `${document.engagement}-deployment.html`);
  await writeAtomically(report, renderGuide(guide, document));
  return { report, guide };
}

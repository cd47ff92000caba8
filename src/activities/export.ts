import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { SourceFiles } from '../domain/engagement.ts';
import type { Spec } from '../domain/spec.ts';
import { sha256 } from '../storage/artifacts.ts';
import { exportJob, layOut } from './export-job.ts';
import { filesOf, runInFolder, type ToolkitDependencies } from './toolkit-folder.ts';

interface ExportRecord {
  key: string;
  model: ArtifactRef;
}

/** A Hugging Face directory or a PyTorch entry point as the ONNX file that everything after it works with. */
export const createExportActivities = (tools: ToolkitDependencies) => {
  const { artifacts, ledger, journalOf, workFolder } = tools;

  return {
    /** Exports, unless the ledger has it already: a second export of the same model would have other bytes. */
    async exportModel(input: { spec: Spec; sources: SourceFiles }): Promise<ArtifactRef> {
      const { engagement, model } = input.spec;
      const { kind, task, entryPoint } = model;
      const source = input.sources.model;
      const asked = { toolkit: 'onnxruntime' as const, verb: 'probe', job: {} };
      const versions = await runInFolder(tools, asked, async (probe: { versions: object }) => probe.versions);
      const key = sha256(canonicalJson({ what: 'export', source: source.sha256, kind, task, entryPoint, versions }));
      const perform = async () => {
        const path = join(workFolder, `model-${randomUUID()}`);
        try {
          await layOut(await filesOf(artifacts, source), path);
          const job = exportJob(input.spec, path);
          return await runInFolder(tools, { toolkit: 'pytorch', verb: 'export', job }, async (made: { path: string }) =>
            ledger.record<ExportRecord>({ key, model: await artifacts.putFile(made.path) })
          );
        } finally {
          await rm(path, { recursive: true, force: true });
        }
      };
      const record = (await ledger.find<ExportRecord>(key)) ?? (await perform());
      await journalOf(engagement).append('export', 'export', { source, kind, task, entryPoint, versions, ...record });
      return record.model;
    },
  };
};

export type ExportActivities = ReturnType<typeof createExportActivities>;

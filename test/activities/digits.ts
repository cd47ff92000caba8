import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll } from 'vitest';
import { parse, stringify } from 'yaml';
import { createToolkitActivities } from '../../src/activities/toolkit.ts';
import { importFiles, readSpecFile } from '../../src/cli/spec-file.ts';
import { loadConfig } from '../../src/config.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const run = <T>(activity: (input: never) => Promise<T>, input: object): Promise<T> =>
  new MockActivityEnvironment().run(activity, input as never);

/** Where a documented example is played on real digits by the toolkits; gone after the tests of the file. */
export function digits(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `stepdown-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const { python } = loadConfig({});
  const artifacts = new ArtifactStore(join(folder, 'artifacts'));
  const shared = {
    artifacts,
    ledger: new Ledger(join(folder, 'ledger')),
    journalOf: (name: string) => new Journal(join(folder, 'journals'), name),
    workFolder: join(folder, 'work'),
    python,
  };
  const tools = createToolkitActivities({ ...shared, environments: folder });

  /** What a Python file of test/toolkits makes in the folder. */
  const made = <T>(script: string): T =>
    JSON.parse(execFileSync(python, [join(ROOT, 'test/toolkits', script), folder], { encoding: 'utf8' })) as T;

  /** The example of the documents as an engagement would have it. */
  async function prepared<Document>(example: string, engagement: string, change: (document: Document) => void) {
    const document = parse(readFileSync(join(ROOT, 'docs/examples', example), 'utf8')) as Document;
    change(document);
    const path = join(folder, 'engagement.yaml');
    writeFileSync(path, stringify(document));
    const file = readSpecFile(path);
    const sources = await importFiles(file, artifacts.folder);
    const preparation = await run(tools.prepareData, { engagement, spec: file.spec, sources });
    return { spec: file.spec, sources, preparation };
  }
  return { folder, artifacts, shared, tools, made, prepared };
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createExportActivities } from '../../src/activities/export.ts';
import { importFiles, readSpecFile } from '../../src/cli/spec-file.ts';
import type { ArtifactRef } from '../../src/domain/artifact.ts';
import type { SourceFiles } from '../../src/domain/engagement.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';
import { spec } from '../workflows/fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const artifacts = new ArtifactStore(join(folder, 'artifacts'));
const journal = new Journal(join(folder, 'journals'), 'exported');
const python = join(folder, 'python');
const runs = join(folder, 'runs');
const activities = createExportActivities({
  python,
  environments: folder,
  artifacts,
  ledger: new Ledger(join(folder, 'ledger')),
  journalOf: () => journal,
  workFolder: join(folder, 'work'),
});

/** A toolkit whose ONNX file is what lay in the model's folder; it refuses one without config.json. */
const TOOLKIT = `#!/bin/bash
if [ "$4" = probe ]; then echo '{"type":"result","versions":{"torch":"2.13.0"}}'; exit 0; fi
job=$(cat); printf '%s\\n' "$job" >> ${runs}
field() { printf '%s' "$job" | sed -n 's/.*"'$1'":"\\([^"]*\\)".*/\\1/p'; }
from=$(field path); out=$(field outputFolder)/model.onnx
if [ ! -f "$from/config.json" ]; then
  echo '{"type":"error","kind":"bad-request","message":"config.json is missing","problems":[]}'; exit 2; fi
(cd "$from"; for file in $(find . -mindepth 1 ! -type d | sort); do echo "$file $(cat $file)"; done) > "$out"
echo '{"type":"result","path":"'$out'"}'
`;

const model = join(folder, 'model');
const specFile = join(folder, 'engagement.yaml');
const jobs = () => readFileSync(runs, 'utf8').split('\n').slice(0, -1);

beforeEach(async () => {
  for (const gone of ['model', 'ledger', 'journals']) rmSync(join(folder, gone), { recursive: true, force: true });
  writeFileSync(runs, '');
  writeFileSync(python, TOOLKIT);
  await chmod(python, 0o755);
  for (const place of ['weights', '.cache', '__pycache__']) mkdirSync(join(model, place), { recursive: true });
  writeFileSync(join(model, 'config.json'), 'layers');
  writeFileSync(join(folder, 'blob'), 'numbers');
  symlinkSync(join(folder, 'blob'), join(model, 'weights/model.safetensors')); // as a hub's cache has it
  writeFileSync(join(model, '.cache/left'), 'x');
  writeFileSync(join(model, '__pycache__/left.pyc'), 'x');
});

/** The specification in a file, with the model's keys changed. */
function written(changes: object): string {
  const path = join(folder, 'rows.jsonl');
  writeFileSync(path, '{}\n');
  const base = { name: 'm', task: 'text-classification', tokenizer: path, maxLength: 8, labels: ['a', 'b'] };
  const document = {
    engagement: 'exported',
    client: { name: 'Acme' },
    package: 'professional',
    model: { ...base, kind: 'huggingface', path: 'model', ...changes },
    data: { columns: {}, calibration: path, selection: path, holdout: path, production: path },
    quality: { metric: 'accuracy', marginPoints: 1, sliceMarginPoints: 2 },
    serving: { sloPercentile: 99, sloMs: 100 },
    gates: { approvers: [{ name: 'Ana', email: 'ana@example.org' }] },
    rollout: { minimumHold: '1 hour', maximumHold: '2 hours', disagreementPoints: 2 },
  };
  writeFileSync(specFile, JSON.stringify(document));
  return specFile;
}

async function exported(): Promise<{ spec: Spec; sources: SourceFiles; text: string }> {
  const file = readSpecFile(written({}));
  const sources = await importFiles(file, artifacts.folder);
  const environment = new MockActivityEnvironment();
  const made = (await environment.run(activities.exportModel, { spec: file.spec, sources })) as ArtifactRef;
  return { spec: file.spec, sources, text: readFileSync(artifacts.path(made), 'utf8') };
}

describe('a model in a folder', () => {
  it('is imported without what tools keep there, laid out again and exported', async () => {
    const { sources, text } = await exported();
    expect(text).toBe('./config.json layers\n./weights/model.safetensors numbers\n');
    expect(JSON.parse(jobs()[0]!)).toMatchObject({ kind: 'huggingface', task: 'text-classification' });
    const entries = await journal.entries();
    expect(entries).toMatchObject([{ kind: 'export', body: { source: sources.model, versions: { torch: '2.13.0' } } }]);
  });

  it('is exported once, and again when one of its files has changed', async () => {
    await exported();
    await exported();
    expect(jobs()).toHaveLength(1);
    writeFileSync(join(folder, 'blob'), 'other numbers');
    expect((await exported()).text).toContain('other numbers');
    expect(jobs()).toHaveLength(2);
  });

  it('is refused for good when the toolkit cannot read it', async () => {
    rmSync(join(model, 'config.json'));
    await expect(exported()).rejects.toMatchObject({ nonRetryable: true, message: 'config.json is missing' });
  });
});

describe('the specification of a model in a folder', () => {
  it.each([
    [{ kind: 'keras' }, /model\.kind: "keras"/],
    [{ kind: 'onnx' }, /model\.path: "model": is a folder; give the ONNX file/],
    [{ path: 'model/config.json' }, /model\.path: .*is a file; kind huggingface takes its folder/],
    [{ path: 'nowhere' }, /model\.path: "nowhere": there is no file/],
    [{ kind: 'pytorch' }, /model\.entryPoint: .*give module:function for kind pytorch/],
    [{ kind: 'pytorch', entryPoint: 'build' }, /model\.entryPoint: "build": write module:function/],
    [{ entryPoint: 'model:build' }, /model\.entryPoint: "model:build": give module:function for kind pytorch/],
  ])('with %o is refused by its field', (changes, message) => {
    expect(() => readSpecFile(written(changes))).toThrow(message);
  });

  it('does not take what lies where the caller may not read', () => {
    const file = written({});
    const isAllowed = (path: string) => !path.endsWith('model.safetensors');
    expect(() => readSpecFile(file, isAllowed)).toThrow(/model\/weights\/model\.safetensors/);
  });

  it('is of kind onnx otherwise, where nothing is exported', () => {
    expect(spec('plain').model).toMatchObject({ kind: 'onnx' });
    expect(readSpecFile(written({ kind: 'onnx', path: 'rows.jsonl' })).files.folder).toBeUndefined();
  });
});

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createTrainingActivities, type TrainingInput } from '../../src/activities/training.ts';
import type { PreparedData } from '../../src/domain/artifact.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-training-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const artifacts = new ArtifactStore(join(folder, 'artifacts'));
const workFolder = join(folder, 'work');
const python = join(folder, 'python');
const activities = createTrainingActivities({
  python,
  environments: folder,
  artifacts,
  ledger: new Ledger(join(folder, 'ledger')),
  journalOf: (name: string) => new Journal(join(folder, 'journals'), name),
  workFolder,
  checkpointsFolder: join(workFolder, 'training'),
});

const rowsOf = async (role: string): Promise<PreparedData> => ({
  arrow: await artifacts.putJson({ role }),
  rows: 10,
  rowsSha256: role,
  tokenizerSha256: 't',
  classes: {},
  slices: {},
});

const input: TrainingInput = {
  engagement: 'training',
  recipe: { toolkit: 'pytorch', scheme: 'int8-qat', calibration: { role: 'calibration', rows: 10, method: 'minmax' } },
  model: await artifacts.putJson('fp32'),
  calibration: await rowsOf('calibration'),
  selection: await rowsOf('selection'),
  train: await rowsOf('train'),
};

/** A toolkit that keeps the job, leaves a checkpoint and dies, or finishes where the job names a checkpoint. */
const TOOLKIT = `#!/bin/bash
if [ "$4" = probe ]; then echo '{"type":"result","versions":{"torch":"'$(cat ${folder}/version)'"},"instructionSets":[]}'; exit 0; fi
job=$(cat); printf '%s' "$job" > ${folder}/job-$(cat ${folder}/runs | wc -l).json; echo run >> ${folder}/runs
field() { printf '%s' "$job" | sed -n 's/.*"'$1'":"\\([^"]*\\)".*/\\1/p'; }
where=$(field checkpointFolder); mkdir -p "$where"; touch "$where/checkpoint-000020.pt"
echo '{"type":"progress","stage":"train","done":20,"total":60,"checkpoint":"'$where'/checkpoint-000020.pt"}'
[ -n "$(field checkpoint)" ] || kill -9 $$
out=$(field outputFolder); echo trained > "$out/trained.onnx"
echo '{"type":"result","path":"'$out'/trained.onnx","steps":60,"bestStep":50,"stoppedEarly":false,"trainRows":10,"curve":[],"durationMs":5}'
`;

beforeEach(async () => {
  rmSync(join(folder, 'ledger'), { recursive: true, force: true });
  await writeFile(join(folder, 'runs'), '');
  await writeFile(join(folder, 'version'), '2.13.0');
  await writeFile(python, TOOLKIT);
  await chmod(python, 0o755);
});

/** One attempt; returns its outcome and what its last heartbeat told. */
async function attempt(before?: unknown) {
  const environment = new MockActivityEnvironment({ heartbeatDetails: before });
  let told: unknown;
  environment.on('heartbeat', (details: unknown) => {
    told = details ?? told;
  });
  const outcome = await environment.run(activities.trainCandidate, input).catch((error: Error) => error);
  return { outcome, told };
}

const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).split('\n').length - 1;

it('tells the checkpoint in its heartbeat, from which the next attempt goes on', async () => {
  const killed = await attempt();
  expect(killed.outcome).toMatchObject({ message: expect.stringContaining('pytorch train was killed') });
  const { checkpoint } = killed.told as { checkpoint: string };
  expect(existsSync(checkpoint)).toBe(true);
  const resumed = await attempt(killed.told);
  expect(resumed.outcome).toMatchObject({ steps: 60, bestStep: 50 });
  expect(JSON.parse(await readFile(join(folder, 'job-1.json'), 'utf8'))).toMatchObject({ checkpoint });
  expect(existsSync(checkpoint)).toBe(false); // nothing is left of a finished training
});

it('trains once, and again when the toolkit is another', async () => {
  const first = await attempt({ checkpoint: 'x' });
  expect((await attempt()).outcome).toEqual(first.outcome);
  expect(await runs()).toBe(1);
  await writeFile(join(folder, 'version'), '2.14.0');
  expect((await attempt({ checkpoint: 'x' })).outcome).toMatchObject({ steps: 60 });
  expect(await runs()).toBe(2);
});

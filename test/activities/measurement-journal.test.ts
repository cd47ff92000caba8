import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { createMeasurementActivities } from '../../src/activities/measurement.ts';
import type { Trial } from '../../src/domain/measurement.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';

it('journals a trial in every engagement that relies on it, measured there or not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-'));
  const ledger = new Ledger(folder);
  const journalOf = (engagement: string) => new Journal(folder, engagement);
  const artifacts = new ArtifactStore(folder);
  const activities = createMeasurementActivities({
    artifacts,
    ledger,
    journalOf,
    workFolder: folder,
    python: 'python3',
  });
  const trial = await ledger.record({ key: 'a1', durationMs: 5 } as Trial);
  const input = { engagement: 'second', spec: { serving: { threads: 1 } }, quantized: { key: 'a1' } };

  const again = () => new MockActivityEnvironment().run(activities.measureCandidate as never, input as never);
  expect(await again()).toEqual(trial);
  await again();

  const entries = await journalOf('second').entries();
  expect(entries.map(({ event }) => event)).toEqual(['trial/a1']);
});

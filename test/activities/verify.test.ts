import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { judge, noEvidence } from '../../src/domain/judge.ts';
import { judgeConfigOf } from '../../src/domain/rollout-policy.ts';
import type { StageResult } from '../../src/domain/traffic.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { spec } from '../workflows/fakes.ts';

const config = judgeConfigOf(spec('verified'));
const folder = await mkdtemp(join(tmpdir(), 'stepdown-verify-'));
const artifacts = new ArtifactStore(folder);

async function faultsOf(engagement: string, pairs: number, stage: Partial<StageResult>): Promise<string[]> {
  const counts = { ...noEvidence(), pairs };
  const stages = [{ weight: 50, verdict: 'successful', counts, evidence: judge(counts, config).evidence, ...stage }];
  const evidence = await artifacts.putJson({ kind: 'rollout', judge: config, stages });
  await new Journal(folder, engagement).append('verdict/rollout/1', 'verdict', { evidence });
  return (await verifyEngagement(engagement, { artifacts: folder, journals: folder })).faults;
}

it('follows a stage that passed back to its counts', async () => {
  expect(await faultsOf('passed', 1_000, {})).toEqual([]);
});

it('finds a stage that passed without proof', async () => {
  expect(await faultsOf('unproven', 20, {})).toEqual([
    expect.stringContaining('stage 50 passed, and its counts say to hold'),
  ]);
});

it('leaves to the journal what a person or the time has ended', async () => {
  const promoted = { by: 'ana@example.org', comment: 'enough', proven: false };
  expect(await faultsOf('promoted', 20, { promoted })).toEqual([]);
  expect(await faultsOf('timed-out', 20, { verdict: 'inconclusive' })).toEqual([]);
});

it('asks for verdict and numbers of a check, not for its words', async () => {
  const support = { incidents: [], days: 90, looks: 360 };
  const faults = async (engagement: string, check: object) => {
    const evidence = await artifacts.putJson({ kind: 'support', support, checks: [{ name: 'support', ...check }] });
    await new Journal(folder, engagement).append('verdict/support/1', 'verdict', { evidence });
    return (await verifyEngagement(engagement, { artifacts: folder, journals: folder })).faults;
  };
  const words = 'it held, 90 days long, in 360 looks';
  expect(await faults('reworded', { verdict: 'successful', reason: words })).toEqual([]);
  const doubted = [expect.stringContaining('the verdict does not follow from the incidents')];
  expect(await faults('other-number', { verdict: 'successful', reason: words.replace('360', '361') })).toEqual(doubted);
  expect(await faults('other-verdict', { verdict: 'failed', reason: words })).toEqual(doubted);
});

it('finds e-values that are not of the counts', async () => {
  const evidence = judge({ ...noEvidence(), pairs: 999 }, config).evidence;
  expect(await faultsOf('changed', 1_000, { evidence })).toEqual([
    expect.stringContaining('the e-values do not follow from the counts'),
  ]);
});

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createVerdictActivities } from '../../src/activities/verdicts.ts';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { spec } from '../workflows/fakes.ts';

const folder = await mkdtemp(join(tmpdir(), 'stepdown-verdicts-'));
const journalOf = (engagement: string) => new Journal(folder, engagement);
const verdicts = createVerdictActivities({ artifacts: new ArtifactStore(folder), journalOf });

/** An activity as a run of a workflow asks for it. */
const inRun = <T>(runId: string, activity: (input: never) => Promise<T>, input: object): Promise<T> =>
  new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId } }).run(activity as never, input);

it('journals an error again when a phase is run again, and once when it is only repeated', async () => {
  const subject = { engagement: 'again', id: 'fp16', phase: 'ptq', recipe: { toolkit: 'onnxruntime', scheme: 'fp16' } };
  const failing = (runId: string, lastWords: string) =>
    inRun(runId, verdicts.recordUnmeasured, { ...subject, lastWords });
  await failing('first', 'no space left');
  await failing('first', 'no space left');
  await failing('second', 'out of memory');
  const reasons = (await journalOf('again').entries()).map(({ body }) => (body as { reason: string }).reason);
  expect(reasons).toEqual(['could not be measured: no space left', 'could not be measured: out of memory']);
});

describe('an optimization without a winner', () => {
  const judged = async (verdicts_: Verdict[], search?: object) => {
    const candidates = verdicts_.map((verdict) => ({ verdict }) as CandidateResult);
    const { checks } = await verdicts.judgeOptimization({ spec: spec('none'), candidates, search } as never);
    return checks[0]!;
  };

  it.each<[Verdict, Verdict[]]>([
    ['failed', ['failed', 'error']],
    ['error', ['error', 'error']],
    ['inconclusive', ['failed', 'inconclusive']],
    ['inconclusive', []],
  ])('is %s where its candidates are %j', async (verdict, of) => {
    expect((await judged(of)).verdict).toBe(verdict);
  });

  it('says that the search ended early', async () => {
    const { reason } = await judged([], { spentMs: 1, trials: 0, ended: '0 trials were made' });
    expect(reason).toMatch(/; the search ended early: 0 trials were made$/);
  });
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngagementStatus } from '../../src/cli/engagements.ts';
import type { DeploymentGuide } from '../../src/domain/deployment/guide.ts';
import type { RecordedClass } from '../../src/domain/deployment/serving.ts';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { APPROVER, outcomeOf, Stepdown, smallEngagement } from './stepdown.ts';

const NAME = 'faults';

/** What an operator's bad day does at each point; nothing by default. */
interface Day {
  whileQuantizing?: (stepdown: Stepdown) => Promise<void>;
  atBaselineGate?: (stepdown: Stepdown) => Promise<void>;
  atPtqGate?: (stepdown: Stepdown) => Promise<void>;
  inTheRamp?: (stepdown: Stepdown) => Promise<void>;
}

async function runEngagement(stepdown: Stepdown, day: Day) {
  const decide = (gate: string, outcome: string) => {
    const why = ['--by', APPROVER, '--comment', 'a small run'];
    return stepdown.json('decide', NAME, '--gate', gate, '--outcome', outcome, ...why);
  };
  await stepdown.start();
  await stepdown.json('start', smallEngagement(stepdown.home, NAME));
  await stepdown.untilGate(NAME, 'baseline');
  await day.atBaselineGate?.(stepdown);
  await stepdown.untilGate(NAME, 'baseline');
  await decide('baseline', 'waived'); // 200 calibration rows are too few to pass
  await stepdown.until(NAME, 'the second candidate', ({ state }) => state.candidates.length >= 2);
  await day.whileQuantizing?.(stepdown);
  await stepdown.untilGate(NAME, 'ptq');
  await day.atPtqGate?.(stepdown);
  await stepdown.untilGate(NAME, 'ptq');
  await decide('ptq', 'approved');
  const ready = await stepdown.untilGate(NAME, 'optimization');
  await decide('optimization', 'approved');
  stepdown.play(ready);
  await stepdown.until(NAME, 'the 5 % stage', ({ rollout }) => (rollout?.stage ?? 0) >= 5);
  await day.inTheRamp?.(stepdown);
  await stepdown.untilGate(NAME, 'rollout-100');
  await decide('rollout-100', 'approved');
  const closing = await stepdown.json<ClosingDocument>('watch', NAME);
  const status = await stepdown.json<EngagementStatus>('status', NAME);
  return { outcome: outcomeOf(status, closing), closing, status };
}

/** Finished trials and when they were written. */
function trials(stepdown: Stepdown): Record<string, number> {
  const folder = join(stepdown.home, 'trials');
  return Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]));
}

describe('an engagement on the newswire model', () => {
  const calm = new Stepdown();
  const stormy = new Stepdown();
  let expected: object;

  beforeAll(async () => {
    const run = await runEngagement(calm, {});
    expected = run.outcome;
    expect(run.closing.verdict).toBe('successful');
  });

  afterAll(async () => {
    await calm.dispose();
    await stormy.dispose();
  });

  it('has a deployment guide for the chosen file, with a request that it answers as recorded', async () => {
    const { report, guide } = await calm.json<{ report: string; guide: DeploymentGuide }>(
      'report',
      NAME,
      '--deployment'
    );
    const { sha256 } = await calm.json<{ sha256: string }>('export', NAME, '--to', calm.home);
    expect(guide.files[0]!.file.sha256).toBe(sha256);
    const { candidate, baseline } = guide.serving.smoke;
    expect(candidate).toHaveProperty('top1', (baseline as RecordedClass).top1);
    expect(Math.max(candidate.repeatedWithin, baseline.repeatedWithin)).toBeLessThan(1e-3);
    const page = readFileSync(report, 'utf8');
    expect(page).toContain(sha256);
    expect(page).toContain('⚠ 1 requirement was waived'); // the calibration rows
  });

  it('is verified whole after an undisturbed run, and leaves no process and no half file after Ctrl-C', async () => {
    const verified = await calm.json<{ faults: string[]; verdicts: number }>('verify', NAME);
    expect(verified.faults).toEqual([]);
    expect(verified.verdicts).toBeGreaterThanOrEqual(10);
    const pids = calm.pids();
    await calm.stop('SIGINT');
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    expect(calm.partialFiles()).toEqual([]);
  });

  it('ends with the same decision and hashes when server, worker, gateway and supervisor are killed on the way', async () => {
    let finished: Record<string, number> = {};
    const { outcome, closing } = await runEngagement(stormy, {
      atBaselineGate: async (stepdown) => {
        stepdown.kill('up');
        await stepdown.start(); // ends what the killed one left, then goes on from the same folder
      },
      whileQuantizing: async (stepdown) => {
        finished = trials(stepdown);
        stepdown.kill('worker');
      },
      atPtqGate: async (stepdown) => {
        stepdown.kill('temporal');
        stepdown.kill('worker');
      },
      inTheRamp: async (stepdown) => {
        stepdown.kill('gateway');
        stepdown.kill('worker');
      },
    });
    expect(outcome).toEqual(expected);
    expect(closing.verdict).toBe('successful');
    const after = trials(stormy);
    expect(Object.keys(finished).length).toBeGreaterThanOrEqual(2);
    expect(after).toMatchObject(finished);
    const decisions = readFileSync(closing.journal, 'utf8').match(/"event":"decision\/[^"]+"/g);
    expect(new Set(decisions).size).toBe(decisions!.length);
    expect((await stormy.json<{ faults: string[] }>('verify', NAME)).faults).toEqual([]);
  });
});

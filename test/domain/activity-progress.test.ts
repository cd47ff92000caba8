import { expect, it } from 'vitest';
import { type ActivityProgress, describeActivity } from '../../src/domain/activity-progress.ts';

const activity = (changes: Partial<ActivityProgress>): ActivityProgress => ({
  workflowId: 'engagement/e',
  activity: 'runLoadTest',
  attempt: 1,
  ...changes,
});
const since = '2026-11-27T08:56:10.000Z';

it.each<[Partial<ActivityProgress>, string]>([
  [
    { stage: '500 queries at 48.2 a second, probes done', done: 3, total: 5 },
    'searching the largest rate at the service level, 500 queries at 48.2 a second, probes done 3/5',
  ],
  [
    { workflowId: 'engagement/e/candidate/fp16/1', activity: 'measureCandidate', stage: 'row', done: 7, total: 900 },
    'fp16: measuring beside FP32, row 7/900',
  ],
  [
    {
      activity: 'measureBaseline',
      waiting: { since, behind: { engagement: 'faq', activity: 'runLoadTest', since: '2026-11-27T08:40:00.000Z' } },
    },
    'measuring FP32, waits since 08:56 UTC for faq, searching the largest rate at the service level since 08:40 UTC',
  ],
  [
    {
      activity: 'prepareData',
      waiting: {
        since,
        behind: { engagement: 'faq', activity: 'quantizeCandidate', since: '2026-11-27T08:40:00.000Z' },
      },
    },
    'checking model and rows, waits since 08:56 UTC for faq, making the candidate since 08:40 UTC',
  ],
  [{ activity: 'prepareData', waiting: { since } }, 'checking model and rows, waits since 08:56 UTC for a worker'],
  [
    { activity: 'writeGuide', attempt: 2, lastFailure: 'the disk is full' },
    'writeGuide, attempt 2 after: the disk is full',
  ],
])('is said in words: %j', (changes, words) => {
  expect(describeActivity(activity(changes))).toBe(words);
});

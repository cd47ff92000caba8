import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import { judge, noEvidence } from '../../src/domain/judge.ts';
import type { Trial } from '../../src/domain/measurement.ts';
import { judgeConfigOf } from '../../src/domain/rollout-policy.ts';
import type { RouteStatus, StageLook } from '../../src/domain/traffic.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { waited } from '../domain/closing-document.ts';
import { type FakeActivities, look, spec } from './fakes.ts';
import { figuresOf, fp32, judgedAs, ref, trialOf } from './measured.ts';

const FIGURES: Record<string, { verdict: Verdict; reason: string; speedup: number; drop: number; size: number }> = {
  fp16: { verdict: 'failed', reason: 'no faster than FP32 beyond the noise', speedup: 0.94, drop: 0, size: 0.5 },
  'int8-dynamic': { verdict: 'successful', reason: 'all 6 requirements hold', speedup: 2.3, drop: 0.002, size: 0.26 },
  'int8-static': { verdict: 'successful', reason: 'all 6 requirements hold', speedup: 2.9, drop: 0.006, size: 0.26 },
  'int4-weight': {
    verdict: 'inconclusive',
    reason: 'accuracy may drop by up to 1.7 points',
    speedup: 1.4,
    drop: 0.009,
    size: 0.17,
  },
};

/** Activities that answer with whole figures, so that pages have something to show. */
export function figures(): Partial<FakeActivities> {
  return {
    judgeBaseline: async () => ({
      ...gate(
        'accuracy 95.00 % on 1,000 rows, p99 23.1 ms',
        'Approving accepts metric, margin and thresholds, and starts the candidates.'
      ),
      figures: fp32('selection'),
    }),
    judgeCandidate: async (input: CandidateResult & { trial: Trial }) => judged(input),
    judgePtq: async () =>
      gate('int8-static is 2.90x as fast, drop 0.60 points', 'Approving lets the successful ones go on.'),
    judgeOptimization: async () =>
      gate('the hold-out agrees', 'Approving releases it to production traffic, beginning in the shadow.'),
  };
}

const gate = (reason: string, effect: string) => ({
  checks: [{ name: 'accuracy', verdict: 'successful' as const, reason }],
  summary: `- successful: ${reason}\n\n${effect}`,
  evidence: ref('evidence'),
});

function judged({ id, phase, recipe }: CandidateResult): CandidateResult {
  const { verdict, reason, ...figures } = FIGURES[recipe.scheme]!;
  const drop = `drop ${(100 * figures.drop).toFixed(2)} points, margin 1.50 points`;
  const checks = [{ name: 'accuracy', verdict, reason: drop }];
  const trial = trialOf(`key-${id}`, figures);
  return judgedAs({ id, phase, recipe, trial }, { verdict, reason, checks, figures: figuresOf(figures) });
}

/** A router that counts pairs at every look and takes weights, behind the control API that pages ask. */
export async function startRouter(name: string) {
  let [weight, trip, counts] = [0, null as RouteStatus['trip'], noEvidence()];
  const config = judgeConfigOf(spec(name));
  const arm = { state: 'ready' as const, pid: 1, restarts: 0, lastError: null };
  const status = (): RouteStatus => ({
    model: 'm',
    rollout: name,
    configSha256: 'c',
    weight: weight * 100,
    stage: 's',
    trip,
    counts,
    stageCounts: counts,
    served: { twin: 1000 - 5 * weight, candidate: 5 * weight, replayed: 0 },
    stageServed: { twin: 100, candidate: 0, replayed: 0 },
    judgement: judge(counts, config),
    arms: { twin: arm, candidate: arm },
    shadowShed: 0,
    times: { twin: waited(1), candidate: waited(0.45) },
  });
  const server = createServer((_request, response) => {
    if (!trip)
      counts = {
        ...counts,
        pairs: counts.pairs + 20,
        zero: counts.zero + 4,
        candidateRequests: counts.candidateRequests + 20,
      };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(status()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const activities: Partial<FakeActivities> = {
    setTrafficWeight: async (input: { weight: number }) => {
      weight = input.weight;
      return { startedAt: new Date().toISOString() };
    },
    lookAtStage: async ({ weight }): Promise<StageLook> => ({
      ...look(weight, weight === 0 ? 'successful' : undefined),
      counts,
    }),
    returnToTwin: async ({ reason }: { reason: string }) => {
      const now = new Date().toISOString();
      weight = 0;
      trip = { at: now, reason, counts };
      return { weight, trippedAt: now, zeroAt: now, readAt: now };
    },
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    activities,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

import { Context } from '@temporalio/activity';
import type { PreparedData } from '../../src/domain/artifact.ts';
import type { GateRequest } from '../../src/domain/decision.ts';
import type { Serving } from '../../src/domain/deployment/serving.ts';
import type { CandidateResult, ClosingDocument, EngagementState, SourceFiles } from '../../src/domain/engagement.ts';
import { noEvidence } from '../../src/domain/judge.ts';
import type { Trial } from '../../src/domain/measurement.ts';
import { type PortfolioDocument, portfolioDocument } from '../../src/domain/portfolio-document.ts';
import type { PortfolioState } from '../../src/domain/portfolio-state.ts';
import { nextName } from '../../src/domain/proposed-spec.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { Occasion, Proposal } from '../../src/domain/reoptimization.ts';
import { parseSpec, type Spec } from '../../src/domain/spec.ts';
import type { RouteStatus, StageLook, StageResult, TakenOut } from '../../src/domain/traffic.ts';
import type { TrainingEstimate, TrainingRecord } from '../../src/domain/training.ts';
import type { Check, Verdict } from '../../src/domain/verdict.ts';
import { loadTest } from '../domain/closing-document.ts';
import { baselineMeasurement, figuresOf, fp32, judgedAs, ref, trialOf } from './measured.ts';

export const APPROVER = 'ana@example.org';
export const SECOND = 'ben@example.org';

/** A gate that two may decide, with hours to do it. */
export const gateRequest = (changes: Partial<GateRequest> = {}): GateRequest => ({
  engagement: 'e',
  client: 'Acme',
  modelName: 'm',
  package: 'express',
  gate: 'ptq',
  attempt: 1,
  verdict: 'successful',
  summary: 'int8-dynamic: 2.31x as fast',
  evidenceSha256: 'e'.repeat(64),
  approvers: [APPROVER, SECOND].map((email) => ({ name: email, email })),
  needsTwo: false,
  remindAfterMs: 600_000,
  expireAfterMs: 6_000_000,
  ...changes,
});

/** A small valid specification as one writes it; the rollout has two stages. */
export function specDocument(name: string, changes: Record<string, unknown> = {}) {
  return {
    engagement: name,
    client: { name: 'Acme' },
    package: 'professional',
    model: {
      name: 'm',
      kind: 'onnx',
      path: 'm.onnx',
      task: 'text-classification',
      tokenizer: 't.json',
      maxLength: 8,
      labels: ['a', 'b'],
    },
    data: { columns: {}, calibration: 'c', selection: 's', holdout: 'h', production: 'p' },
    quality: { metric: 'accuracy', marginPoints: 1.5, sliceMarginPoints: 5 },
    serving: { sloPercentile: 99, sloMs: 100 },
    gates: {
      approvers: [
        { name: 'Ana', email: APPROVER },
        { name: 'Ben', email: SECOND },
      ],
    },
    support: { days: 0 },
    rollout: {
      stages: [50, 100],
      minimumHold: '1 second',
      maximumHold: '1 hour',
      disagreementPoints: 4,
      lookEvery: '1 second',
      holdBackPercent: 0,
    },
    ...changes,
  };
}

export function spec(name: string, changes: Record<string, unknown> = {}): Spec {
  const parsed = parseSpec(specDocument(name, changes));
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.spec;
}

export const data: PreparedData = {
  arrow: ref('arrow'),
  rows: 10,
  rowsSha256: 'r',
  tokenizerSha256: 't',
  classes: { a: 5, b: 5 },
  slices: {},
};

const check = (verdict: Verdict): Check => ({ name: 'c', verdict, reason: `it is ${verdict}` });
const judged = (verdict: Verdict) => ({ checks: [check(verdict)], summary: 'figures', evidence: ref('evidence') });

export const stage = (weight: number, verdict: Verdict): StageResult => ({
  weight,
  observations: 100,
  servedByCandidate: 50,
  verdict,
  reason: `stage is ${verdict}`,
  counts: { pairs: 100, disagreements: 0, plus: 0, minus: 0, zero: 0, candidateRequests: 100, candidateErrors: 0 },
  evidence: [],
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
});

/** One look at a stage; without a verdict it must be held on. */
export const look = (weight: number, verdict?: Verdict): StageLook => {
  const proven = verdict === 'successful';
  const reason = verdict ? `stage is ${verdict}` : 'neither is proven';
  return { result: verdict && stage(weight, verdict), counts: noEvidence(), proven, reason, expectedMorePairs: 70 };
};

/** The outside world as the workflows see it: every activity, answering at once, and a log of what was asked. */
export function fakeActivities() {
  const asked: string[] = [];
  let weight = 0;
  let counts = noEvidence();
  const log = (line: string) => void asked.push(line);
  return {
    asked,
    prepareData: async () => ({
      model: { bytes: 1, inputs: ['x'], outputs: ['y'], opset: 17, parameters: 1 },
      data: { calibration: data, selection: data, holdout: data, production: data },
    }),
    exportModel: async (_: { sources: SourceFiles }) => ref('exported'),
    quantizeCandidate: async ({ id }: { id?: string; sources: SourceFiles }) => ({
      key: `key-${id}`,
      quantized: { model: ref('int8') },
    }),
    rankSensitivity: async () => ({
      key: 'ranking',
      groups: ['Softmax', 'head', 'middle', 'first'].map((name, i) => ({
        name,
        nodes: [`/${name}`],
        error: 1 / 10 ** i,
      })),
    }),
    evaluateSubset: async ({ kept }: { kept: string[] }) => {
      log(`evaluation with ${kept.join('+') || 'nothing'} in FP32`);
      const holds = kept.includes('Softmax') && kept.includes('middle');
      return { key: 'e', rows: 10, of: 40, lost: 0, won: 0, verdict: null, holds };
    },
    measureBaseline: async () => baselineMeasurement(),
    measureCandidate: async () => trialOf(),
    runLoadTest: async ({ subject }: { subject: string }) => {
      log(`load test of ${subject}`);
      return { ...loadTest(subject === 'baseline' ? 80 : 190), key: `load-${subject}` };
    },
    predictHoldout: async () => ({ baseline: { arrow: ref('b'), rows: 10 }, candidate: { arrow: ref('c'), rows: 10 } }),
    judgeBaseline: async () => ({
      ...judged('successful'),
      figures: fp32('selection'),
    }),
    judgeCandidate: async (input: CandidateResult & { trial: Trial }): Promise<CandidateResult> => {
      log(`candidate ${input.id}`);
      const checks = [check('successful')];
      return judgedAs(input, { verdict: 'successful', reason: 'fine', checks, figures: figuresOf() });
    },
    recordUnmeasured: async (input: CandidateResult & { lastWords: string }): Promise<CandidateResult> => {
      const { id, phase, recipe, lastWords } = input;
      return judgedAs({ id, phase, recipe }, { verdict: 'error', reason: lastWords, checks: [check('error')] });
    },
    judgePtq: async () => judged('successful'),
    estimateTraining: async () => ({ trainRows: 10, steps: 5, secondsPerStep: 1 }) as TrainingEstimate,
    trainCandidate: async ({ recipe }: { recipe: Recipe }) => {
      log(`training ${recipe.scheme}`);
      return { key: 'training', model: ref('trained'), steps: 5, bestStep: 4 } as TrainingRecord;
    },
    judgeProposal: async () => judged('successful'),
    judgeHoldout: async ({ winner }: { winner: CandidateResult }) => ({ baseline: fp32('holdout'), candidate: winner }),
    judgeOptimization: async () => judged('successful'),
    tryServing: async () => ({}) as Serving,
    writeGuide: async (_: { state: EngagementState; sources: SourceFiles; serving: Serving; isRolledOut: boolean }) => {
      log('guide');
      return ref('guide');
    },
    judgeRollout: async ({ rollout }: { rollout: { verdict: Verdict } }) => judged(rollout.verdict),
    writeStages: async () => ({ evidence: ref('stages'), summary: 'stages' }),
    writeJournal: async ({ event }: { event: string }) => log(`journal ${event}`),
    writeClosing: async (input: { state: EngagementState; verdict: Verdict; reason: string }) => {
      log(`closing ${input.verdict}`);
      const { verdict, reason, state } = input;
      return { engagement: state.spec.engagement, verdict, reason, report: 'r', journal: 'j' } as ClosingDocument;
    },
    writePortfolio: async (input: { state: PortfolioState; endedAt: string }): Promise<PortfolioDocument> =>
      portfolioDocument(input.state, new Map(), { endedAt: input.endedAt, report: 'r' }),
    notify: async ({ kind }: { kind: string }) => {
      log(`mail ${kind}`);
      return { messageId: 'm', delivered: 'outbox' as const };
    },
    openRoute: async () => ({}) as RouteStatus,
    readRoute: async () => {
      counts = { ...counts, pairs: counts.pairs + 50, candidateRequests: counts.candidateRequests + 50 };
      return { weight, trip: null, counts } as RouteStatus;
    },
    writeWeek: async ({ week }: { week: { number: number } }) => {
      log(`week ${week.number}`);
      return `week-${week.number}.html`;
    },
    writeProposal: async (input: { spec: Spec; day: number; at: string } & Occasion): Promise<Proposal | undefined> => {
      const { spec, day, at } = input;
      const [reason, drift] = 'drift' in input ? ['drift', input.drift] : ['age', undefined];
      const engagement = nextName(spec.engagement);
      log(`proposal ${engagement}`);
      return { engagement, day, at, drift, reason, specification: `${engagement}.yaml` };
    },
    judgeSupport: async ({ support }: { support: { verdict: Verdict } }) => judged(support.verdict),
    setTrafficWeight: async (input: { weight: number }) => {
      weight = input.weight * 100;
      log(`weight ${input.weight}`);
      return { startedAt: '2026-01-01T00:00:00.000Z' };
    },
    lookAtStage: async (input: { weight: number; maximumHoldMs: number }): Promise<StageLook> =>
      look(input.weight, 'successful'),
    /** Nothing trips. */
    watchStage: async (_: { weight: number }): Promise<StageResult> => Context.current().cancelled,
    returnToTwin: async ({ reason }: { reason: string }): Promise<TakenOut> => {
      weight = 0;
      log(`return to twin: ${reason}`);
      const now = new Date().toISOString();
      return { weight, trippedAt: now, zeroAt: now, readAt: now };
    },
  };
}

export type FakeActivities = ReturnType<typeof fakeActivities>;

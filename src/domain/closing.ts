import type { DataRole } from './artifact.ts';
import { classesOf } from './classes.ts';
import { evidenceFiles } from './closing-evidence.ts';
import { type Decision, secondOf } from './decision.ts';
import type {
  CandidateLine,
  CandidateResult,
  ClosingDocument,
  EngagementState,
  ModelFigures,
  QualityFigures,
} from './engagement.ts';
import type { LatencyPercentiles } from './measurement.ts';
import { type Economics, servingCost } from './serving-cost.ts';
import type { Verdict } from './verdict.ts';

export interface ClosingInput {
  state: EngagementState;
  economics?: Economics | undefined;
  startedAt: string;
  endedAt: string;
  verdict: Verdict;
  reason: string;
}

/** Everything that people are shown at the end, from the state alone. */
export function closingDocument(
  { state, economics, startedAt, endedAt, verdict, reason }: ClosingInput,
  paths: { report: string; journal: string }
): ClosingDocument {
  const { spec, rollout, baseline } = state;
  const decisions = [
    ...state.phases.map(({ decision }) => decision),
    state.training?.decision ?? null,
    ...(rollout?.decisions ?? []),
  ];
  const waivers = new Map(
    decisions.flatMap((made) => (made?.outcome === 'waived' ? [[`${made.gate} ${made.at}`, made] as const] : []))
  );
  return {
    engagement: spec.engagement,
    client: spec.client.name,
    modelName: spec.model.name,
    package: spec.package,
    verdict,
    reason,
    startedAt,
    endedAt,
    phases: state.phases.map(({ name, attempt, verdict, reason, decision, checks }) => ({
      name,
      attempt,
      verdict,
      reason,
      decision,
      checks,
    })),
    ...beforeAndAfter(state),
    candidates: state.candidates.map((candidate) => candidateLine(candidate, state)),
    chosen: state.chosen ?? null,
    holdout: state.holdout ? candidateLine(state.holdout.candidate, state) : null,
    loadTests: { baseline: state.loadTests?.baseline ?? null, optimized: state.loadTests?.chosen ?? null },
    cost: (economics && servingCost(economics, state.loadTests ?? {})) ?? null,
    search: state.search ?? null,
    sensitivity: state.sensitivity ?? null,
    sensitivityProblem: state.sensitivityProblem ?? null,
    training: state.training ?? null,
    rollout: rollout ?? null,
    support: state.support ?? null,
    trips: state.trips ?? [],
    waivers: [...waivers.values()].map(waiverFrom),
    host: baseline?.host ?? null,
    quality: spec.quality,
    serving: spec.serving,
    ...(spec.rollout && { holds: { minimumMs: spec.rollout.minimumHold, maximumMs: spec.rollout.maximumHold } }),
    toolkitVersions: state.candidates.find(({ trial }) => trial)?.trial?.quantized.toolkitVersions,
    guide: state.guide ?? null,
    evidence: evidenceFiles(state),
    ...paths,
  };
}

function waiverFrom(decision: Decision): ClosingDocument['waivers'][number] {
  const { gate, by, comment } = decision;
  const second = secondOf(decision);
  return { gate, by, comment, ...(second && { second: { by: second.by, comment: second.comment ?? '' } }) };
}

/** Both sides measured side by side: accuracy on the hold-out, time in the chosen candidate's interleaved trial. */
function beforeAndAfter(state: EngagementState): Pick<ClosingDocument, 'baseline' | 'optimized'> {
  const { baseline, baselineFigures, candidates, chosen, holdout } = state;
  if (!baseline || !baselineFigures) return { baseline: null, optimized: null };
  const winner = holdout?.candidate ?? candidates.find(({ id }) => id === chosen);
  const trial = winner?.trial;
  const before: Side = {
    sizeBytes: baseline.sizeBytes,
    latency: trial?.latency.baseline ?? baseline.latency,
    throughputPerSecond: (trial?.throughput.baseline ?? baseline.throughput).perSecond,
    memoryBytes: baseline.memoryBytes,
  };
  const optimized =
    trial && winner.figures
      ? merged(winner.figures, {
          sizeBytes: trial.quantized.sizeBytes,
          latency: trial.latency.candidate,
          throughputPerSecond: trial.throughput.candidate.perSecond,
          memoryBytes: trial.memoryBytes,
        })
      : null;
  return { baseline: merged(holdout?.baseline ?? baselineFigures, before), optimized };
}

interface Side {
  sizeBytes: number;
  latency: LatencyPercentiles;
  throughputPerSecond: number;
  memoryBytes: number;
}

function merged({ role, accuracy, macroF1, other }: QualityFigures, side: Side): ModelFigures & { role: DataRole } {
  return { role, accuracy, macroF1, ...(other && { other }), ...side };
}

function candidateLine(
  candidate: CandidateResult,
  { spec, baseline }: Pick<EngagementState, 'spec' | 'baseline'>
): CandidateLine {
  const { id, phase, scheme, verdict, reason, checks, givenUp, figures } = candidate;
  const made = candidate.trial ?? givenUp;
  const latency = made?.latency;
  const classes = classesOf(spec);
  const className = (index: number) => classes[index] ?? String(index);
  return {
    id,
    phase,
    role: figures?.role,
    scheme,
    verdict,
    reason,
    checks,
    sizeRatio: figures?.sizeRatio ?? (givenUp && baseline ? givenUp.quantized.sizeBytes / baseline.sizeBytes : null),
    sizeBytes: made?.quantized.sizeBytes ?? null,
    accuracy: figures?.accuracy ?? null,
    accuracyDrop: figures?.accuracyDrop ?? null,
    accuracyDropUpper: figures?.accuracyDropUpper ?? null,
    macroF1: figures?.macroF1 ?? null,
    speedup: latency?.speedup ?? null,
    speedupInterval: latency?.speedupInterval ?? null,
    noiseInterval: latency?.noiseInterval ?? null,
    integerCoverage: made?.quantized.coverage.share ?? null,
    flips: figures?.flips ?? null,
    slices: figures?.slices ?? [],
    hardExamples: figures?.hardExamples,
    mcnemarP: figures?.mcnemarP,
    regressions: figures?.regressions?.map((row) =>
      'label' in row
        ? {
            id: row.id,
            label: className(row.label),
            candidate: className(row.candidate),
            baselineMargin: row.baselineMargin,
          }
        : row
    ),
  };
}

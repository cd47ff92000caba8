import type { EngagementState } from '../engagement.ts';
import { PACKAGES } from '../packages.ts';
import type { Spec } from '../spec.ts';
import { type Measure, measureOf, nameOf, titled } from '../tasks.ts';
import { UNIT_MS } from '../units.ts';
import type { Unit } from './expected-figures.ts';

/** A figure to watch in production, with the threshold that the engagement agreed on. */
export interface Monitored {
  name: string;
  /** How to compute it; in Prometheus' words where Stepdown's gateway counts it. */
  measure: string;
  unit: Unit | 'count' | 'duration';
  is: 'at most' | 'at least';
  /** A duration in milliseconds. */
  limit: number;
  /** Where the threshold comes from: a field of the specification, or a measurement. */
  from: string;
  /** What to do beyond it. */
  beyond: string;
}

const ROLL_BACK = 'roll back';

const ASKED: Record<Measure, string> = {
  share: 'labelled requests',
  mean: 'labelled requests',
  fidelity: 'texts that both were asked',
  correlation: 'pairs whose similarity people gave',
};

/** Where no gateway counts it. */
const MEASURED: Record<Measure, string> = {
  share: '(right by FP32 alone - right by the candidate alone) / rows that both answered',
  mean: "mean over rows that both answered of FP32's score less the candidate's",
  fidelity: '1 - mean cosine of the vectors that both gave a text',
  correlation: "Spearman's correlation of FP32's similarities with people's, less the candidate's",
};

/** Thresholds of the specification, and the rate that the load test showed. */
export function monitoredFigures({ spec, loadTests }: EngagementState, isRolledOut: boolean): Monitored[] {
  const { quality, serving, slices } = spec;
  const gateway = isRolledOut ? ofGateway(spec) : [];
  const test = loadTests?.chosen;
  const { reoptimizeAfterDays } = PACKAGES[spec.package];
  return [
    {
      name: `Latency p${serving.sloPercentile}`,
      measure: 'of requests, at the server',
      unit: 'milliseconds',
      is: 'at most',
      limit: serving.sloMs,
      from: 'serving.sloMs',
      beyond: 'add replicas; with the rate below its limit, compare the host with the one below',
    },
    ...(test && test.ratePerSecond !== null && test.faults.length === 0
      ? [
          {
            name: `Requests a second, ${test.replicas} ${test.replicas === 1 ? 'replica' : 'replicas'}`,
            measure: 'in the busiest minute',
            unit: 'perSecond' as const,
            is: 'at most' as const,
            limit: test.ratePerSecond,
            from: 'the load test, on its host',
            beyond: 'add replicas before the latency shows it',
          },
        ]
      : []),
    {
      name: `${titled(nameOf(quality))} drop against FP32, on ${ASKED[measureOf(quality)]}`,
      measure: isRolledOut
        ? `(lost - won) / all outcomes of stepdown_gateway_labelled_pairs{model="${spec.model.name}"}`
        : MEASURED[measureOf(quality)],
      unit: 'points',
      is: 'at most',
      limit: quality.marginPoints / 100,
      from: 'quality.marginPoints',
      beyond: ROLL_BACK,
    },
    ...(slices.length > 0
      ? [
          {
            name: `The same on each slice: ${slices.map(({ name }) => name).join(', ')}`,
            measure: `slices with at least ${quality.minimumSliceRows} labelled rows`,
            unit: 'points' as const,
            is: 'at most' as const,
            limit: quality.sliceMarginPoints / 100,
            from: 'quality.sliceMarginPoints',
            beyond: ROLL_BACK,
          },
        ]
      : []),
    ...gateway,
    ...(reoptimizeAfterDays === null
      ? []
      : [
          {
            name: 'Age of these measurements',
            measure: 'since the optimization gate',
            unit: 'duration' as const,
            is: 'at most' as const,
            limit: reoptimizeAfterDays * UNIT_MS.day,
            from: `package ${spec.package}`,
            beyond: 'start another engagement on rows of today',
          },
        ]),
  ];
}

/** Of a rollout and its support window, where the gateway has both arms. */
function ofGateway(spec: Spec): Monitored[] {
  const { rollout } = spec;
  const of = (metric: string) => `stepdown_gateway_${metric}{model="${spec.model.name}"}`;
  return [
    {
      name: 'Answers that differ from FP32’s',
      measure: `increase(${of('disagreements_total')}[1d]) / increase(${of('pairs_total')}[1d])`,
      unit: 'share',
      is: 'at most',
      limit: rollout.disagreementPoints / 100,
      from: 'rollout.disagreementPoints',
      beyond: `look at the labels; ${ROLL_BACK} unless they explain it`,
    },
    {
      name: 'Requests that the candidate fails',
      measure: `increase(${of('candidate_errors_total')}[1d]) / increase(${of('candidate_runs_total')}[1d])`,
      unit: 'share',
      is: 'at most',
      limit: rollout.errorPoints / 100,
      from: 'rollout.errorPoints',
      beyond: ROLL_BACK,
    },
    {
      name: 'Taken back by the gateway itself',
      measure: of('tripped'),
      unit: 'count',
      is: 'at most',
      limit: 0,
      from: 'the gateway: 1 once harm is proven',
      beyond: 'the gateway serves FP32 already; read its reason',
    },
    {
      name: 'Time without a comparison',
      measure: `${of('silent')} is 1 beyond it`,
      unit: 'duration',
      is: 'at most',
      limit: rollout.maximumSilence,
      from: 'rollout.maximumSilence',
      beyond: 'the guard is blind: look at the gateway and at the traffic',
    },
    {
      name: 'Arms that answer',
      measure: `min(${of('arm_up')})`,
      unit: 'count',
      is: 'at least',
      limit: 1,
      from: 'the gateway: 0 while an arm is down',
      beyond: 'read the arm’s last error: npx stepdown status',
    },
  ];
}

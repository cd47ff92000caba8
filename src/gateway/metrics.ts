import type { Coverage, LabelCoverage, RouteStatus, TimeQuantile } from '../domain/traffic.ts';
import { keptQuantiles } from '../domain/waiting.ts';
import type { Route } from './route.ts';

type Samples = [labels: Record<string, string>, value: number][];

/** The Prometheus text format. */
export function metricsText(routes: Route[], comparisonsWaiting: number): string {
  const per = (read: (status: RouteStatus, route: Route) => Samples): Samples =>
    routes.flatMap((route) => {
      const { status } = route;
      return read(status, route).map(([labels, value]): Samples[number] => [{ model: status.model, ...labels }, value]);
    });
  const arms = ({ arms }: RouteStatus) => Object.entries(arms ?? {});
  return [
    metric(
      'requests_total',
      'counter',
      'Client requests answered, by arm',
      per(({ served }) => [
        [{ arm: 'twin' }, served.twin],
        [{ arm: 'candidate' }, served.candidate],
      ])
    ),
    metric(
      'replayed_total',
      'counter',
      'Requests that the candidate failed and the twin answered',
      per(({ served }) => [[{}, served.replayed]])
    ),
    metric(
      'answer_milliseconds',
      'gauge',
      'How long clients waited for each arm in this stage, by quantile',
      per(({ times }) => ARMS.flatMap((arm) => waiting(arm, times?.[arm])))
    ),
    metric(
      'answers_timed',
      'gauge',
      'Answers that these quantiles rest on',
      per(({ times }) => ARMS.map((arm) => [{ arm }, times?.[arm]?.n ?? 0]))
    ),
    metric(
      'pairs_total',
      'counter',
      'Rows answered by both arms',
      per(({ counts }) => [[{}, counts.pairs]])
    ),
    metric(
      'disagreements_total',
      'counter',
      'Pairs with a different top-1',
      per(({ counts }) => [[{}, counts.disagreements]])
    ),
    metric(
      'floor_pairs_total',
      'counter',
      'Rows that the twin answered twice, in the shadow stage',
      per(({ counts }) => [[{}, counts.floor?.pairs ?? 0]])
    ),
    metric(
      'floor_disagreements_total',
      'counter',
      'Of these, with a different top-1',
      per(({ counts }) => [[{}, counts.floor?.disagreements ?? 0]])
    ),
    metric(
      'labelled_pairs',
      'gauge',
      'Pairs with a true label, by outcome for the candidate',
      per(({ counts }) => [
        [{ outcome: 'lost' }, counts.plus],
        [{ outcome: 'won' }, counts.minus],
        [{ outcome: 'same' }, counts.zero],
      ])
    ),
    metric(
      'units_total',
      'counter',
      'First answers to units that chance assigned, by arm',
      per(({ labelCoverage }) => coverage(labelCoverage!, 'of'))
    ),
    metric(
      'units_labelled_total',
      'counter',
      'Of these, with a true label: the share should be alike on both arms',
      per(({ labelCoverage }) => coverage(labelCoverage!, 'labelled'))
    ),
    metric(
      'candidate_runs_total',
      'counter',
      'Requests given to the candidate',
      per(({ counts }) => [[{}, counts.candidateRequests]])
    ),
    metric(
      'candidate_errors_total',
      'counter',
      'Of these, failed',
      per(({ counts }) => [[{}, counts.candidateErrors]])
    ),
    metric(
      'comparisons_shed_total',
      'counter',
      'Comparisons given up',
      per(({ shadowShed }) => [[{}, shadowShed ?? 0]])
    ),
    metric('comparisons_waiting', 'gauge', 'Comparisons queued or running', [[{}, comparisonsWaiting]]),
    metric(
      'weight_basis_points',
      'gauge',
      "The candidate's share of client traffic",
      per(({ weight }) => [[{}, weight]])
    ),
    metric(
      'tripped',
      'gauge',
      'Whether the rollout was rolled back',
      per(({ trip }) => [[{}, trip ? 1 : 0]])
    ),
    metric(
      'silent',
      'gauge',
      'Whether no request was compared for longer than is allowed: alert on it',
      per(({ silent }) => [[{}, silent ? 1 : 0]])
    ),
    metric(
      'in_flight',
      'gauge',
      'Client requests being answered',
      per((_status, route) => [[{}, route.inFlight]])
    ),
    metric(
      'log_e_value',
      'gauge',
      'Natural log of the e-value of each test',
      per(({ judgement }) => judgement.evidence.map(({ name, lnE }) => [{ test: name }, lnE]))
    ),
    metric(
      'arm_up',
      'gauge',
      'Whether the host of an arm is ready',
      per((status) => arms(status).map(([arm, { state }]) => [{ arm }, state === 'ready' ? 1 : 0]))
    ),
    metric(
      'arm_restarts_total',
      'counter',
      'Attempts to restart the host of an arm',
      per((status) => arms(status).map(([arm, { restarts }]) => [{ arm }, restarts]))
    ),
  ].join('');
}

const ARMS = ['twin', 'candidate'] as const;

const waiting = (arm: string, time: TimeQuantile | undefined): Samples =>
  time ? keptQuantiles(time).map(([percentile, { ms }]) => [{ arm, quantile: String(percentile / 100) }, ms]) : [];

const coverage = ({ twin, candidate }: LabelCoverage, what: keyof Coverage): Samples => [
  [{ arm: 'twin' }, twin[what]],
  [{ arm: 'candidate' }, candidate[what]],
];

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: Samples): string {
  const full = `stepdown_gateway_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labelText(labels)} ${value}`);
  return `${[`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...lines].join('\n')}\n`;
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

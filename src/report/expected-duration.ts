import type { ExpectedDuration } from '../domain/expected-duration.ts';
import { counted } from '../domain/units.ts';
import { count, span } from './format.ts';

/** `rowMs` is the time of one row on the model of today. */
export function durationLines(duration: ExpectedDuration, rowMs: number): string[] {
  const { measuring, candidates, loadTests, rollout, support, gates, gateExpiresMs } = duration;
  const { least, most, mostProbes, mostQueries, holds } = loadTests;
  return [
    `measuring takes ${span(measuring.least)} to ${span(measuring.most)} here, at ${rowMs.toFixed(1)} ms a row; making candidates comes on top`,
    `of it ${span(least)} to ${span(most)} are the load tests of two models, as simulated at these times ` +
      `(loadTest: at most ${mostProbes} rates of ${count(mostQueries)} queries); the rest are ${between(candidates)} candidates, each as slow as today’s model`,
    ...(holds
      ? []
      : [
          'no rate holds the service level at these times, which takes long to find: raise serving.sloMs, or run this on an idle host',
        ]),
    `${counted(gates, 'gate waits', 'gates wait')} for people, ${gates === 1 ? '' : 'each '}up to ${span(gateExpiresMs)}`,
    ...(rollout
      ? [
          `the rollout takes ${span(rollout.least)} to ${span(rollout.most)} of traffic: ${rollout.stages} stages, each from ` +
            'rollout.minimumHold to maximumHold, by how soon its tests are sure',
        ]
      : []),
    ...(support ? [`the support window lasts ${span(support)}`] : []),
  ];
}

const between = ({ least, most }: { least: number; most: number }): string =>
  least === most ? String(least) : `${least} to ${most}`;

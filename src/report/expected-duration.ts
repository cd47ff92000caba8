import type { ExpectedDuration } from '../domain/expected-duration.ts';
import { span } from './format.ts';

/** `rowMs` is the time of one row on the model of today. */
export function durationLines(duration: ExpectedDuration, rowMs: number): string[] {
  const { measuring, rollout, support, gates, gateExpiresMs } = duration;
  return [
    `measuring takes ${span(measuring.least)} to ${span(measuring.most)} here, at ${rowMs.toFixed(1)} ms a row; making candidates comes on top`,
    `${gates} gates wait for people, each up to ${span(gateExpiresMs)}`,
    ...(rollout ? [`the rollout takes ${span(rollout.least)} to ${span(rollout.most)} of traffic`] : []),
    ...(support ? [`the support window lasts ${span(support)}`] : []),
  ];
}

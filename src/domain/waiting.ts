import type { ArmTimes, Quantile, TimeQuantile } from './traffic.ts';

type Percentile = 50 | 95 | 99;
type Arm = 'twin' | 'candidate';

/** What was kept of how long clients waited, lowest first; older versions kept the p95 alone. */
export function keptQuantiles(time: TimeQuantile): [Percentile, Quantile][] {
  const { p50, p99 } = time;
  const all: [Percentile, Quantile | undefined][] = [
    [50, p50],
    [95, time],
    [99, p99],
  ];
  return all.filter((each): each is [Percentile, Quantile] => each[1] !== undefined);
}

/** Such as `p50 4.10, p95 8.61, p99 11.90 ms`, or why there are none. */
export function quantilesText(times: ArmTimes | undefined, arm: Arm): string {
  const time = times?.[arm];
  if (!time)
    return arm === 'twin' && times?.router
      ? `not timed: ${times.router} sends its clients past the gateway`
      : 'no client timed';
  const kept = keptQuantiles(time).map(([percentile, { ms }]) => `p${percentile} ${ms.toFixed(2)}`);
  return `${kept.join(', ')} ms`;
}

/** How long clients waited for both arms, in one line. */
export function waitingText(times: ArmTimes): string {
  const of = (arm: Arm) => `${quantilesText(times, arm)}${times[arm] ? ` (${times[arm].n} answers)` : ''}`;
  return `FP32 ${of('twin')}; candidate ${of('candidate')}`;
}

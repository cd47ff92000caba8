import type { ArmOutcomes, CountName, EvidenceCounts } from './traffic.ts';

/** Doublings after which evidence that still does not suffice is said to point the other way. */
const DOUBLINGS = 20;

/**
 * The factor by which all counts must grow until something holds; null where none does. Bets grow exponentially at
 * constant rates, so ln E is convex in the number of observations and crosses its bound once.
 */
export function factorUntil(seen: number, holds: (factor: number) => boolean): number | null {
  let high = 1;
  for (let doubling = 0; !holds(high); doubling++) {
    if (doubling === DOUBLINGS) return null;
    high *= 2;
  }
  let low = high / 2;
  while ((high - low) * seen > 0.5) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The counts after so many times the observations, at the same rates. */
export function scaled({ strata, twinDrops, floor, ...single }: EvidenceCounts, factor: number): EvidenceCounts {
  const times = <T extends object>(counts: T) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * factor])) as T;
  return {
    ...times<Record<CountName, number>>(single),
    ...(twinDrops && { twinDrops: twinDrops.map((count) => count * factor) }),
    ...(floor && { floor }),
    ...(strata && {
      strata: strata.map(({ candidate, twin, ...of }) => ({
        ...of,
        candidate: times<ArmOutcomes>(candidate),
        twin: times<ArmOutcomes>(twin),
      })),
    }),
  };
}

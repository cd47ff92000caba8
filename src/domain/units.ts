/** Of a duration. Apart from what reads durations from a specification, so that pages and workflows need no schema. */
export const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds as the file says them, in the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  const [unit, length] = Object.entries(UNIT_MS).findLast(([, each]) => ms % each === 0 && ms >= each) ?? [
    'second',
    1_000,
  ];
  const amount = ms / length;
  return counted(amount, unit);
}

/** `1 gate`, `2 gates`. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

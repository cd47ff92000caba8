/** Of a duration. Apart from what reads durations from a specification, so that pages need no schema for them. */
export const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

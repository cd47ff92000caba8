/** Bars of one unit from `from` to `to`, with a line at the limit: simple enough for a mail. */
export interface BarChart {
  caption: string;
  limit: { value: number; name: string };
  rows: BarRow[];
}

export interface BarRow {
  name: string;
  from: number;
  to: number;
  /** The figure in words. */
  shown: string;
  tone: 'good' | 'bad' | 'plain';
}

/** Those that there is something to draw for. */
export const drawn = (...charts: (BarChart | undefined)[]): BarChart[] => charts.filter((chart) => chart !== undefined);

/** A bar beyond so many times the limit is cut off, so that the others can be seen. */
const CLIP = 3;

export interface Scale {
  low: number;
  top: number;
}

/** From 0, or the lowest bar, to the longest or the limit, with some room above. */
export function scaleOf({ limit, rows }: BarChart): Scale {
  const low = Math.min(0, ...rows.map(({ from }) => from));
  const top = Math.min(CLIP * limit.value, 1.05 * Math.max(limit.value, ...rows.map(({ to }) => to)));
  return { low: Math.max(low, -CLIP * limit.value), top };
}

const isBeyond = ({ from, to }: BarRow, { low, top }: Scale): boolean => to > top || from < low;

/** Where a value lies between the ends of the scale, 0 to 1. */
export const placeOn = ({ low, top }: Scale, value: number): number =>
  (Math.min(Math.max(value, low), top) - low) / (top - low);

/** The figure in words, and that its bar is cut off where it is. */
export const shownOn = (scale: Scale, row: BarRow): string =>
  isBeyond(row, scale) ? `${row.shown} (beyond the scale)` : row.shown;

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

import { table } from '../src/cli/output.ts';

/** One line of the table: what was measured in this run, and whether it meets its goal. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** The largest value that is good enough, or the smallest where `atLeast`. */
  goal: number;
  atLeast?: boolean;
  /** The same figure of another way of doing it, measured in the same run; null without one. */
  peer: { name: string; value: number } | null;
}

const holds = ({ value, goal, atLeast }: Figure) => (atLeast ? value >= goal : value <= goal);

export function figureTable(figures: Figure[]): string {
  const rows = figures.map((figure) => [
    holds(figure) ? 'yes' : 'NO',
    figure.name,
    `${round(figure.value)} ${figure.unit}`,
    `${figure.atLeast ? '>=' : '<='} ${figure.goal} ${figure.unit}`,
    figure.peer ? `${figure.peer.name}: ${round(figure.peer.value)} ${figure.unit}` : '',
  ]);
  return table([['holds', 'figure', 'measured', 'goal', 'beside it'], ...rows]);
}

/** As `--json` prints it. */
export const asJson = (figures: Figure[]) =>
  JSON.stringify({
    figures: figures.map((figure) => {
      const { name, value, unit, goal, peer } = figure;
      return { name, value, unit, goal, peer, holds: holds(figure) };
    }),
  });

const round = (value: number) => Number(value.toPrecision(4));

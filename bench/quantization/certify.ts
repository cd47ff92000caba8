import { sequentialVerdict } from '../../src/domain/search/sequential-verdict.ts';
import { chanceToCertify, rowsToCertify } from '../../src/domain/statistics/certification.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import { tangoUpperBound } from '../../src/domain/statistics/tango.ts';
import type { Figure } from '../figure.ts';

const DESIGN = { discordance: 0.02, margin: 0.015, alpha: 0.05, power: 0.8 };
const EARLY = { discordance: 0.05, margin: 0.02, rows: 2_500 };

/** How often the gate is wrong, in both directions, at the number of rows that it asks for. */
export function gateFigures({ quick }: { quick: boolean }): Figure[] {
  const { discordance, margin, alpha } = DESIGN;
  const n = rowsToCertify(DESIGN);
  const atMargin = { lost: (discordance + margin) / 2, won: (discordance - margin) / 2 };
  const equal = { lost: discordance / 2, won: discordance / 2 };
  const runs = quick ? 4_000 : 20_000;
  const random = seededRandom(1);
  const accepted = (truth: typeof equal) => {
    let count = 0;
    for (let run = 0; run < runs; run++) {
      const { lost, won } = drawn(n, truth, random);
      if (tangoUpperBound({ b: lost, c: won, n, confidence: 1 - alpha }) < margin) count += 1;
    }
    return (100 * count) / runs;
  };
  const exact = (truth: typeof equal) => 100 * chanceToCertify({ n, margin, alpha, truth });
  const simulated = (truth: typeof equal) => ({ name: `${runs} simulated gates`, value: accepted(truth) });
  const at = `at the ${n} rows asked for (margin 1.5 points, discordance 2 %)`;
  return [
    {
      name: `gate accepts a true drop of the margin ${at}`,
      value: exact(atMargin),
      unit: '%',
      goal: 5,
      peer: simulated(atMargin),
    },
    {
      name: `gate accepts an equal candidate ${at}`,
      value: exact(equal),
      unit: '%',
      goal: 80,
      atLeast: true,
      peer: simulated(equal),
    },
  ];
}

/** Early stopping: the rows it needs, and how often it is wrong though asked after every row. */
export function earlyFigures({ quick }: { quick: boolean }): Figure[] {
  const { discordance, margin, rows } = EARLY;
  const runs = quick ? 400 : 2_000;
  const random = seededRandom(2);
  const equal = { lost: discordance / 2, won: discordance / 2 };
  const atMargin = { lost: (discordance + margin) / 2, won: (discordance - margin) / 2 };
  const looks = (truth: typeof equal) => Array.from({ length: runs }, () => look(rows, truth, margin, random));
  const used = looks(equal).reduce((total, { row }) => total + row, 0) / runs / rows;
  const wrong = looks(atMargin).filter(({ verdict }) => verdict === 'non-inferior').length / runs;
  const of = `of ${rows} rows (margin 2 points, discordance 5 %)`;
  return [
    { name: `early stopping on an equal candidate uses, ${of}`, value: 100 * used, unit: '%', goal: 40, peer: null },
    { name: 'early stopping accepts a true drop of the margin', value: 100 * wrong, unit: '%', goal: 5, peer: null },
  ];
}

function look(rows: number, truth: { lost: number; won: number }, margin: number, random: Random) {
  const counts = { plus: 0, minus: 0, zero: 0 };
  for (let row = 1; row <= rows; row++) {
    const at = random.next();
    if (at < truth.lost) counts.plus += 1;
    else if (at < truth.lost + truth.won) counts.minus += 1;
    else counts.zero += 1;
    const verdict = sequentialVerdict(counts, { margin, alpha: 0.05 });
    if (verdict) return { verdict, row };
  }
  return { verdict: null, row: rows };
}

function drawn(n: number, truth: { lost: number; won: number }, random: Random) {
  let [lost, won] = [0, 0];
  for (let row = 0; row < n; row++) {
    const at = random.next();
    if (at < truth.lost) lost += 1;
    else if (at < truth.lost + truth.won) won += 1;
  }
  return { lost, won };
}

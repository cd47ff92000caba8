import type { ExpectedFigure, Unit } from '../domain/deployment/expected-figures.ts';
import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import { cite } from './evidence.ts';
import { bytes, decimal, milliseconds, percent, points, ratio } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { absent, table } from './tables.ts';

export const SHOW: Record<Unit, (value: number) => string> = {
  share: (value) => percent(value),
  coefficient: (value) => decimal(value, 4),
  points: (value) => `${points(value)} points`,
  ratio,
  milliseconds,
  perSecond: (value) => `${decimal(value, 1)} /s`,
  bytes,
};

export function expected(guide: DeploymentGuide): Html {
  const { cpuModel, cores } = guide.host;
  return html`<section aria-labelledby="expected"><h2 id="expected">What to expect</h2>
${table(
  html`Measured on ${cpuModel}, ${cores} cores (<a href="#environment">environment</a>); on another one speed, rate and memory differ, and with another instruction set single answers may.`,
  [
    { title: 'Figure' },
    { title: 'Expected', isNumber: true },
    { title: 'Interval', isNumber: true },
    { title: 'Measured how', className: 'reason' },
  ],
  guide.figures.map((figure, i) => ({
    cells: [
      html`${figure.name}${cite(guide, ...figure.evidence)}`,
      figure.value === null ? absent('none was shown') : SHOW[figure.unit](figure.value),
      bounds(figure),
      html`${figure.invalid !== undefined && html`<strong>INVALID</strong>: ${figure.invalid === guide.figures[i - 1]?.invalid ? 'as above' : figure.invalid}. `}${figure.basis}`,
    ],
  }))
)}</section>`;
}

function bounds({ unit, interval }: ExpectedFigure): Content {
  const [low, high] = interval ?? [null, null];
  if (low !== null && high !== null) return `${SHOW[unit](low)} to ${SHOW[unit](high)}`;
  if (high !== null) return `at most ${SHOW[unit](high)}`;
  return low !== null ? `at least ${SHOW[unit](low)}` : '';
}

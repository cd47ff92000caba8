import type { Assessment } from '../domain/assessment.ts';
import type { GivenAssessment } from '../domain/given-case.ts';
import { days, dollars, factor, percent, perThousand } from '../report/money.ts';
import { table } from './output.ts';

export function assessmentText(assessment: Assessment): string {
  const { today, range, returns, price, fleet, speedup, accuracyLossPoints: loss } = assessment;
  const { p10, p50, p90 } = returns;
  const row = (name: string, text: (level: 'p10' | 'p50' | 'p90') => string) => [
    name,
    text('p10'),
    text('p50'),
    text('p90'),
  ];
  const perToken = today.usdPerMillionTokens;
  return [
    `${assessment.lap ? 'PROJECTED FROM A QUICK LAP' : 'PROJECTED, NOT MEASURED'}: ${assessment.model?.name ?? 'no model'}, ${assessment.date}`,
    '',
    `today    ${dollars(today.usdPerMonth)} a month, ${perThousand(today.usdPerThousandRequests)} per 1,000 requests` +
      `${perToken === null ? '' : `, ${dollars(perToken)} per million tokens`}`,
    `         ${fleet.replicas} ${fleet.replicas === 1 ? 'replica' : 'replicas'} on ${fleet.instances} ${price.instance} at the peak, ${percent(today.utilization)} used`,
    `price    ${price.source}, ${price.date}, ${price.ageDays} days old`,
    `speed-up ${factor(speedup.lower)} to ${factor(speedup.upper)} (${speedup.basis}: ${speedup.source})`,
    `accuracy ${factor(loss.lower)} to ${factor(loss.upper)} points lost (${loss.basis}: ${loss.source})`,
    '',
    table([
      ['INT8, PROJECTED', 'P10', 'P50', 'P90'],
      row('cost a month', (level) => dollars(range.candidateUsd[level])),
      row('saving a month', (level) => dollars(range.savingUsd[level])),
      ['saving', percent(p10.savingFraction), percent(p50.savingFraction), percent(p90.savingFraction)],
      ...(assessment.feeUsd === null
        ? []
        : [
            row('payback', (level) => days(returns[level].paybackDays)),
            row('12-month return', (level) => percent(returns[level].return12Months)),
          ]),
    ]),
    '',
    ...assessment.notes.map((note) => `! ${note}`),
    ...sizesText(assessment),
    '',
    table([
      ['ASSUMPTION', 'VALUE', 'SET WITH'],
      ...assessment.assumptions.map(({ name, value, option, isGiven }) => [
        name,
        value,
        isGiven ? `${option} (given)` : option,
      ]),
    ]),
    '',
    table(
      assessment.roadmap.map(({ week, from, until, phase, outcome }) => [
        `week ${week}`,
        `${from} to ${until}`,
        phase,
        outcome,
      ])
    ),
  ].join('\n');
}

function sizesText({ sizes }: Assessment): string[] {
  if (!sizes) return [];
  const rows = sizes.map(({ precision, weightBytes, totalBytes, instance }) => [
    precision,
    `${weightBytes / 1e9} GB`,
    `${(totalBytes / 1e9).toFixed(1)} GB`,
    instance ? `${instance.instance}, $${instance.onDemandUsdPerHour} an hour` : 'none of the list',
  ]);
  return ['', table([['PRECISION', 'WEIGHTS', 'WITH CACHE', 'CHEAPEST GPU INSTANCE THAT HOLDS IT'], ...rows])];
}

export function givenText({ name, figures, speedup, return: money, feeUsd, notes }: GivenAssessment): string {
  const rows = figures.map((figure) => [
    figure.name,
    String(figure.baseline),
    String(figure.candidate),
    figure.unit,
    figure.basis,
  ]);
  return [
    `GIVEN, NOT MEASURED: ${name}`,
    '',
    table([['FIGURE', 'BASELINE', 'CANDIDATE', 'UNIT', 'BASIS'], ...rows]),
    '',
    `speed-up ${speedup.toFixed(2)} times; saving ${dollars(money.savingUsdPerMonth)} a month, ${percent(money.savingFraction)}`,
    `a fee of ${dollars(feeUsd)} is paid back in ${days(money.paybackDays)}; 12-month return ${percent(money.return12Months)}`,
    ...notes.map((note) => `! ${note}`),
  ].join('\n');
}

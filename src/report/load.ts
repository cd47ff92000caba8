import type { ClosingDocument } from '../domain/engagement.ts';
import { describeFaults, type LoadTest } from '../domain/load/load-test.ts';
import { describeOptions } from '../domain/measurement.ts';
import { cite } from './evidence.ts';
import { bytes, decimal, milliseconds } from './format.ts';
import { type Html, html } from './html.ts';
import { absent, table } from './tables.ts';

/** Largest rates at the service level; nothing where no load test was made. */
export function load(document: ClosingDocument): Html | undefined {
  const { loadTests, chosen } = document;
  const before = loadTests?.baseline;
  if (!before) return undefined;
  const after = loadTests.optimized;
  const { percentile, limitMs } = before.level;
  return html`<section aria-labelledby="load"><h2 id="load">Under load</h2>
${table(
  html`Poisson arrivals, latency from the scheduled time; the largest rate at which p${decimal(100 * percentile, 0)} stays within ${milliseconds(limitMs)}, shown by LoadGen's early stopping and with 95 % confidence for queries that depend on each other. Served by ${before.replicas} ${before.replicas === 1 ? 'replica' : 'replicas'}: ${describeOptions(before.options)}.${cite(document, 'load-baseline', 'load-chosen')}`,
  [
    { title: 'Model' },
    { title: 'Holds', isNumber: true },
    { title: 'Too many', isNumber: true },
    { title: 'Queries', isNumber: true },
    { title: 'CPU per request', isNumber: true },
    { title: 'Peak memory', isNumber: true },
    { title: 'Answers checked', isNumber: true },
    { title: 'Counts', className: 'reason' },
  ],
  [{ cells: line('FP32', before) }, ...(after ? [{ cells: line(chosen ?? 'Optimized', after) }] : [])]
)}
${packings([['FP32', before], ...(after ? [[chosen ?? 'Optimized', after] as const] : [])])}</section>`;
}

/** Where more than one number of replicas was asked for. */
function packings(tests: (readonly [string, LoadTest])[]): Html | undefined {
  const rows = tests.flatMap(([name, { packings = [] }]) => packings.map((packing) => ({ name, ...packing })));
  if (rows.length <= tests.length) return undefined;
  return table(
    'Replicas side by side on this host; all of them together.',
    [
      { title: 'Model' },
      { title: 'Replicas', isNumber: true },
      { title: 'Holds', isNumber: true },
      { title: 'Peak memory', isNumber: true },
    ],
    rows.map(({ name, replicas, ratePerSecond, peakBytes, reason }) => ({
      cells: [
        name,
        String(replicas),
        reason ? absent(reason) : ratePerSecond === null ? absent('none was shown') : `${decimal(ratePerSecond, 1)} /s`,
        bytes(peakBytes),
      ],
    }))
  );
}

function line(name: string, test: LoadTest): (string | Html)[] {
  const { ratePerSecond, exceededPerSecond, queries, probes, cpuMsPerQuery, peakBytes, audits, faults } = test;
  const { checked, differing } = audits.accuracy;
  return [
    name,
    ratePerSecond === null ? absent('none was shown') : `${decimal(ratePerSecond, 1)} /s`,
    exceededPerSecond === null ? absent('not reached') : `${decimal(exceededPerSecond, 1)} /s`,
    `${queries} in ${probes.length} probes`,
    milliseconds(cpuMsPerQuery),
    bytes(peakBytes),
    `${checked}, ${differing.length} rows differ`,
    faults.length === 0 ? 'yes' : html`<strong>INVALID</strong>: ${describeFaults(faults)}`,
  ];
}

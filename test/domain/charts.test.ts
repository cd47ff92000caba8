import { describe, expect, it } from 'vitest';
import { type BarChart, placeOn, scaleOf, shownOn } from '../../src/domain/bar-chart.ts';
import { comparisonChart, dropChart, latencyChart, p95Chart, stageChart, weekChart } from '../../src/domain/charts.ts';
import { chartTable } from '../../src/report/chart-table.ts';
import { composeMail } from '../../src/report/mail.ts';
import { composeWebhook } from '../../src/report/webhook.ts';
import { spec } from '../workflows/fakes.ts';
import { closingDocument } from './closing-document.ts';

const widthsOf = (table: string) =>
  [...table.matchAll(/width="([\d.]+)%" bgcolor="(#\w+)"/g)].map(([, width, colour]) => [Number(width), colour]);

describe('charts of messages', () => {
  it('show what decides: the margin, the service level, FP32, the bound', () => {
    const { serving } = spec('charts');
    const latency = { p50Ms: 10, p95Ms: 20, p99Ms: 130 };
    expect(latencyChart(latency, serving)!.rows.map(({ tone }) => tone)).toEqual(['plain', 'plain', 'bad']);
    const figures = { accuracyDrop: -0.001, accuracyDropUpper: 0.004 };
    const judged = { id: 'int8', verdict: 'successful', figures } as never;
    expect(
      dropChart([judged, { id: 'fp16', verdict: 'error' }], { metric: 'accuracy', marginPoints: 1.5 })
    ).toMatchObject({
      limit: { value: 1.5 },
      rows: [{ name: 'int8', from: -0.1, to: 0.4, shown: '-0.10, at most 0.40: successful', tone: 'good' }],
    });
    const compared = comparisonChart(closingDocument())!;
    expect(compared.rows.map(({ name, shown }) => `${name} ${shown}`)).toEqual([
      'Size 26 %',
      'Latency p50 43 %',
      'Latency p95 43 %',
      'Latency p99 46 %',
      'Peak memory 43 %',
    ]);
    expect(comparisonChart(closingDocument({ optimized: null }))).toBeUndefined();
    const { stages } = closingDocument().rollout!;
    expect(stageChart(stages)!.rows.length).toBe(stages.at(-1)!.evidence.length);
    expect(weekChart({ evidence: { 'labelled-worse': 0.2, disagreement: 1.1, 'error-rate': 0 } })!.rows[1]!.tone).toBe(
      'bad'
    );
  });

  it('are cells whose widths are the figures, without style sheet and picture', () => {
    const row = { name: '<b>', from: 25, to: 50, shown: '50', tone: 'good' } as const;
    const chart: BarChart = { caption: 'c', limit: { value: 100, name: 'l' }, rows: [row] };
    const { text } = chartTable(chart);
    expect(widthsOf(text)).toEqual([
      [23.8, '#d9e0e6'],
      [23.8, '#2e8b57'],
      [47.6, '#d9e0e6'],
      [4.8, '#d9e0e6'],
    ]);
    expect(text).toContain('&lt;b&gt;');
    expect(text).not.toMatch(/<svg|<img|class=/);
  });

  it('cut off a bar far beyond the limit, and say so', () => {
    const row = { name: 'int4', from: 0, to: 90, shown: '90.00', tone: 'bad' } as const;
    const { text } = chartTable({ caption: 'c', limit: { value: 1.5, name: 'margin' }, rows: [row] });
    expect(text).toContain('90.00 (beyond the scale)');
    expect(widthsOf(text).reduce((sum, [width]) => sum + (width as number), 0)).toBeCloseTo(100, 0);
  });

  it('show how long clients waited against FP32, or the service level where it was not timed', () => {
    const { serving } = spec('charts');
    const twin = { n: 900, ms: 8, lowMs: 7.5, highMs: 8.5 };
    const slow = p95Chart({ twin, candidate: { n: 100, ms: 10, lowMs: 9, highMs: null } }, serving)!;
    expect(slow.limit).toEqual({ value: 8, name: 'FP32’s' });
    expect(slow.rows).toMatchObject([
      { name: 'FP32', shown: '8.00 ms (7.50 to 8.50)', tone: 'plain' },
      { name: 'candidate', to: 10, shown: '10.00 ms (above 9.00)', tone: 'bad' },
    ]);
    const alone = p95Chart({ candidate: twin, router: 'kserve' }, serving)!;
    expect(alone).toMatchObject({ limit: { value: 100 }, rows: [{ name: 'candidate', tone: 'plain' }] });
    expect(p95Chart(undefined, serving)).toBeUndefined();
  });

  it('have one scale in the mail and in the channel', () => {
    const row = { name: 'int4', from: -9, to: 90, shown: '90.00', tone: 'bad' } as const;
    const scale = scaleOf({ caption: 'c', limit: { value: 1.5, name: 'margin' }, rows: [row] });
    expect(scale).toEqual({ low: -4.5, top: 4.5 });
    expect(shownOn(scale, row)).toBe('90.00 (beyond the scale)');
    expect([-9, 0, 90].map((value) => placeOn(scale, value))).toEqual([0, 0.5, 1]);
  });

  it('stand in the mails of a trip and of an incident', () => {
    const evidence = closingDocument().rollout!.stages.at(-1)!.evidence;
    const twin = { n: 900, ms: 8, lowMs: 7.5, highMs: 8.5 };
    const seen = { evidence, times: { twin, candidate: twin }, serving: spec('charts').serving };
    const whose = { engagement: 'newswire', modelName: 'topics', to: [{ name: 'Ana', email: 'ana@example.org' }] };
    const at = '2026-11-24T09:00:00.000Z';
    const toZero = { stage: 25, from: at, zeroAt: at, readAt: '2026-11-24T09:00:01.000Z' };
    const trip = { kind: 'rollout-tripped', ...whose, stage: 25, reason: 'harm', confirmedWeight: 0, toZero } as const;
    const { html: tripped, text } = composeMail({ ...trip, ...seen });
    expect(tripped).toContain('disagreement-alarm (rollback)');
    expect(tripped).toContain('p95 of how long clients waited');
    expect(text).toContain('It took 0.000 s from proof or order to 0 %, read back after 1.000 s.');
    expect(text).toContain('Clients waited: FP32 p95 8.00 ms (900 answers); candidate p95 8.00 ms (900 answers).');
    const detectors = { 'labelled-worse': 1.1, disagreement: 0.3, 'error-rate': 0 };
    const incident = { number: 1, kind: 'labelled-worse', day: 3, openedAt: at, reason: 'it fell' } as const;
    const opened = { kind: 'support-incident', ...whose, incident, detectors, ...seen } as const;
    const waits = composeMail(opened);
    expect(waits.html).toContain('Detectors, as a share of their bound');
    expect(waits.html).not.toContain('disagreement-alarm');
    expect(waits.text).toContain('The candidate is still in the traffic');
    expect(waits.text).toContain('npx stepdown support rollback');
    const out = composeMail({ ...opened, incident: { ...incident, kind: 'trip', toZero }, confirmedWeight: 0 });
    expect(out.html).toContain('disagreement-alarm (rollback)');
    expect(out.text).toContain('The candidate is out of the traffic: 0.000 s from proof');
    expect(out.text).not.toContain('npx stepdown support rollback');
  });

  it('stand in the mail and in the channel', () => {
    const input = { kind: 'engagement-closed', document: closingDocument(), to: [] } as const;
    const closed = { ...input, to: [{ name: 'Ana', email: 'ana@example.org' }] };
    expect(composeMail(closed).html).toContain('As a share of FP32’s');
    expect(composeMail(closed).html).toContain('43 %');
    const said = composeWebhook(closed)
      .blocks.map(({ text }) => text.text)
      .join('\n');
    expect(said).toMatch(/Latency p50 █{8} +\| +43 %/);
  });
});

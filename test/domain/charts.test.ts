import { describe, expect, it } from 'vitest';
import type { BarChart } from '../../src/domain/bar-chart.ts';
import { comparisonChart, dropChart, latencyChart, stageChart, weekChart } from '../../src/domain/charts.ts';
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
    expect(dropChart([judged, { id: 'fp16', verdict: 'error' }], 1.5)).toMatchObject({
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

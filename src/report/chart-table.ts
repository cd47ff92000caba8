import type { BarChart, BarRow } from '../domain/bar-chart.ts';
import { type Html, html } from './html.ts';

/** Mail clients show neither SVG nor style sheets: every cell carries its own. */
const COLOURS = { good: '#2e8b57', bad: '#c0392b', plain: '#2f7f9e' };
const TRACK = '#d9e0e6';
const LINE = '#8a5a00';
const CELL = 'padding:2px 8px 2px 0;border:0;font-size:14px;text-align:left;vertical-align:middle';
/** A bar beyond so many times the limit is cut off, so that the others can be seen. */
const CLIP = 3;

/** A bar chart of table cells; its figures stand beside the bars as text. */
export function chartTable({ caption, limit, rows }: BarChart): Html {
  const low = Math.min(0, ...rows.map(({ from }) => from));
  const top = Math.min(CLIP * limit.value, 1.05 * Math.max(limit.value, ...rows.map(({ to }) => to)));
  const scale = { low: Math.max(low, -CLIP * limit.value), top, limit: limit.value };
  return html`<p style="margin:16px 0 4px"><strong>${caption}</strong></p>
<table style="border-collapse:collapse;width:100%">
${rows.map(
  (
    row
  ) => html`<tr><td width="30%" style="${CELL}">${row.name}</td><td width="50%" style="${CELL}">${bar(row, scale)}</td><td style="${CELL}">${row.shown}${row.to > top && ' (beyond the scale)'}</td></tr>
`
)}<tr><td style="${CELL}"></td><td colspan="2" style="${CELL};color:${LINE}">line: ${limit.name}</td></tr></table>`;
}

/** Cells whose widths are the parts of the scale; the limit is the left edge of the one that begins there. */
function bar({ from, to, tone }: BarRow, { low, top, limit }: { low: number; top: number; limit: number }): Html {
  const within = (value: number) => Math.min(Math.max(value, low), top);
  const thin = (top - low) / 100;
  const [begin, end] = [within(from), within(Math.max(to, from + thin))];
  const edges = [...new Set([low, begin, end, limit, top])].sort((a, b) => a - b);
  const parts = edges.slice(1).map((edge, i) => {
    const start = edges[i]!;
    const colour = start >= begin && edge <= end ? COLOURS[tone] : TRACK;
    const line = start === limit ? `;border-left:2px solid ${LINE}` : '';
    const share = ((100 * (edge - start)) / (top - low)).toFixed(1);
    return html`<td width="${share}%" bgcolor="${colour}" style="padding:0;border:0${line};background:${colour};height:14px;font-size:1px;line-height:14px">&nbsp;</td>`;
  });
  return html`<table aria-hidden="true" cellspacing="0" cellpadding="0" style="border-collapse:collapse;width:100%;table-layout:fixed"><tr>${parts}</tr></table>`;
}

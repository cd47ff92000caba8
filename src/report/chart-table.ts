import { type BarChart, type BarRow, placeOn, type Scale, scaleOf, shownOn } from '../domain/bar-chart.ts';
import { type Html, html } from './html.ts';

/** Mail clients show neither SVG nor style sheets: every cell carries its own. */
const COLOURS = { good: '#2e8b57', bad: '#c0392b', plain: '#2f7f9e' };
const TRACK = '#d9e0e6';
const LINE = '#8a5a00';
const CELL = 'padding:2px 8px 2px 0;border:0;font-size:14px;text-align:left;vertical-align:middle';
/** Of the scale; a bar of nothing is a hair. */
const THINNEST = 0.01;

/** A bar chart of table cells; its figures stand beside the bars as text. */
export function chartTable(chart: BarChart): Html {
  const { caption, limit, rows } = chart;
  const scale = scaleOf(chart);
  return html`<p style="margin:16px 0 4px"><strong>${caption}</strong></p>
<table style="border-collapse:collapse;width:100%">
${rows.map(
  (
    row
  ) => html`<tr><td width="30%" style="${CELL}">${row.name}</td><td width="50%" style="${CELL}">${bar(row, scale, limit.value)}</td><td style="${CELL}">${shownOn(scale, row)}</td></tr>
`
)}<tr><td style="${CELL}"></td><td colspan="2" style="${CELL};color:${LINE}">line: ${limit.name}</td></tr></table>`;
}

/** Cells whose widths are the parts of the scale; the limit is the left edge of the one that begins there. */
function bar({ from, to, tone }: BarRow, scale: Scale, limit: number): Html {
  const begin = placeOn(scale, from);
  const end = Math.min(1, Math.max(placeOn(scale, to), begin + THINNEST));
  const line = placeOn(scale, limit);
  const edges = [...new Set([0, begin, end, line, 1])].sort((a, b) => a - b);
  const parts = edges.slice(1).map((edge, i) => {
    const start = edges[i]!;
    const colour = start >= begin && edge <= end ? COLOURS[tone] : TRACK;
    const border = start === line ? `;border-left:2px solid ${LINE}` : '';
    const share = (100 * (edge - start)).toFixed(1);
    return html`<td width="${share}%" bgcolor="${colour}" style="padding:0;border:0${border};background:${colour};height:14px;font-size:1px;line-height:14px">&nbsp;</td>`;
  });
  return html`<table aria-hidden="true" cellspacing="0" cellpadding="0" style="border-collapse:collapse;width:100%;table-layout:fixed"><tr>${parts}</tr></table>`;
}

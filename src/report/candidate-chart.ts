import type { CandidateLine, ClosingDocument } from '../domain/engagement.ts';
import { titled } from '../domain/tasks.ts';
import { metricOf } from './chosen.ts';
import { points, ratio, trimmed } from './format.ts';
import { type Html, html } from './html.ts';

/** Beyond this many margins a drop is drawn at the edge, so that one broken candidate does not flatten the others. */
const MARGINS_SHOWN = 3;
const LABEL_HEIGHT = 16;
/** Places tried for a label, nearest first. */
const NUDGES = [0, 12, -16, 28, -32, 44, -48, 60, -64];

interface Plotted extends CandidateLine {
  accuracyDrop: number;
  accuracyDropUpper: number;
  speedup: number;
}

interface Scale {
  x: (speedup: number) => number;
  y: (pointsDropped: number) => number;
  top: number;
  left: number;
  right: number;
  bottom: number;
  highest: number;
  lowest: number;
  fastest: number;
}

/** Without the hold-out, so that all marks stand on the same rows. */
export function plottedLines({ candidates }: ClosingDocument): Plotted[] {
  return candidates.filter(isPlotted);
}

function isPlotted(line: CandidateLine): line is Plotted {
  return [line.accuracyDrop, line.accuracyDropUpper, line.speedup].every((figure) =>
    Number.isFinite(figure ?? Number.NaN)
  );
}

export function candidateChart(document: ClosingDocument, width: number): Html {
  const lines = plottedLines(document);
  const margin = document.quality?.marginPoints;
  const scale = scaleOf(lines, margin, width);
  const height = scale.bottom + 40;
  const spoken = lines
    .map((line) => `${line.id}: ${points(line.accuracyDrop)} points at ${ratio(line.speedup)}`)
    .join('; ');
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${titled(metricOf(document))} drop against speed-up. ${spoken}">
${margin !== undefined && marginLine(scale, margin)}${axes(scale, metricOf(document))}
${lines.map((line) => mark(scale, line, line.id === document.chosen))}
${labels(scale, lines)}</svg>`;
}

function scaleOf(lines: Plotted[], margin: number | undefined, width: number): Scale {
  const [top, bottom, left, right] = [28, 320, 44, width - 16];
  const uppers = lines.map((line) => line.accuracyDropUpper * 100);
  const wanted = Math.max(1, (margin ?? 0) * 1.2, ...uppers) * 1.08;
  const highest = margin === undefined ? wanted : Math.min(wanted, margin * MARGINS_SHOWN);
  const lowest = Math.min(-0.2, ...lines.map((line) => line.accuracyDrop * 100 - 0.2));
  const fastest = Math.max(1.5, ...lines.map((line) => line.speedupInterval?.[1] ?? line.speedup)) * 1.1;
  const y = (dropped: number) =>
    bottom - ((Math.min(Math.max(dropped, lowest), highest) - lowest) / (highest - lowest)) * (bottom - top);
  return {
    x: (speedup) => left + (speedup / fastest) * (right - left),
    y,
    top,
    left,
    right,
    bottom,
    highest,
    lowest,
    fastest,
  };
}

function marginLine({ x, y, top, left, right, lowest, highest }: Scale, margin: number): Html | undefined {
  if (margin < lowest || margin > highest) return undefined;
  return html`<rect class="forbidden" x="${left}" y="${top}" width="${right - left}" height="${y(margin) - top}"/>
<line class="margin" x1="${left}" x2="${right}" y1="${y(margin)}" y2="${y(margin)}"/>
<text class="marginlabel" x="${x(0) + 6}" y="${y(margin) - 6}">margin ${trimmed(margin)} points</text>`;
}

function axes({ x, y, top, left, right, bottom, lowest, highest, fastest }: Scale, metric: string): Html {
  const across = ticks(0, fastest, (right - left) / 60);
  const up = ticks(lowest, highest, 6);
  return html`${up.map((at) => html`<line class="tick" x1="${left}" x2="${right}" y1="${y(at)}" y2="${y(at)}"/><text x="${left - 8}" y="${y(at) + 4}" text-anchor="end">${trimmed(at)}</text>`)}
${across.map((at) => html`<text x="${x(at)}" y="${bottom + 18}" text-anchor="middle">${trimmed(at)}×</text>`)}
<line class="one" x1="${x(1)}" x2="${x(1)}" y1="${top}" y2="${bottom}"/><path class="axis" d="M${left} ${top}V${bottom}H${right}"/>
<text x="0" y="14">${metric} drop, points</text><text x="${right}" y="${bottom + 36}" text-anchor="end">speed-up over FP32 (dotted: as fast as FP32)</text>`;
}

/** About `wanted` round values between two bounds. */
export function ticks(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10);
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(6)));
}

function mark({ x, y, top, highest }: Scale, line: Plotted, isChosen: boolean): Html {
  const at = { x: x(line.speedup), y: y(line.accuracyDrop * 100) };
  const upper = y(line.accuracyDropUpper * 100);
  const isBeyond = line.accuracyDropUpper * 100 > highest;
  const end = isBeyond ? `M${at.x - 5} ${top + 7}l5 -7l5 7` : `M${at.x - 5} ${upper}h10`;
  const across =
    line.speedupInterval &&
    html`<path class="mark" d="M${x(line.speedupInterval[0])} ${at.y}H${x(line.speedupInterval[1])}"/>`;
  return html`<g class="${line.verdict}"><path class="mark" d="M${at.x} ${at.y}V${upper}${end}"/>${across}${shape(line, at)}
${isChosen && html`<circle class="ring" cx="${at.x}" cy="${at.y}" r="10"/>`}</g>`;
}

/** A shape per verdict, for readers who do not see the colour. */
function shape({ verdict }: Plotted, { x, y }: { x: number; y: number }): Html {
  if (verdict === 'successful') return html`<circle class="solid" cx="${x}" cy="${y}" r="5"/>`;
  if (verdict === 'inconclusive') return html`<path class="solid" d="M${x} ${y - 6}l6 6l-6 6l-6 -6z"/>`;
  return html`<path class="mark" d="M${x - 5} ${y - 5}l10 10m0 -10l-10 10"/>`;
}

/** Names beside the marks; one that would cover another moves down and is tied to its mark. */
function labels({ x, y, top, right, bottom, highest }: Scale, lines: Plotted[]): Html[] {
  const placed: { from: number; to: number; at: number }[] = [];
  const sorted = [...lines].sort((a, b) => b.accuracyDrop - a.accuracyDrop);
  return sorted.map((line) => {
    const mark = { x: x(line.speedup), y: y(line.accuracyDrop * 100) };
    const text = line.accuracyDrop * 100 > highest ? `${line.id} ↑ ${points(line.accuracyDrop)}` : line.id;
    const width = text.length * 7.5;
    const isLeft = mark.x + 16 + width > right;
    const from = isLeft ? mark.x - 16 - width : mark.x + 16;
    const isFree = (at: number) =>
      at > top + 4 &&
      at < bottom - 4 &&
      !placed.some((other) => from < other.to && other.from < from + width && Math.abs(other.at - at) < LABEL_HEIGHT);
    const at = NUDGES.map((nudge) => mark.y - 6 + nudge).find(isFree) ?? mark.y - 6;
    placed.push({ from, to: from + width, at });
    const anchor = isLeft ? from + width : from;
    const leader =
      Math.abs(at - mark.y + 6) > 8 &&
      html`<path class="leader" d="M${mark.x} ${mark.y}L${anchor + (isLeft ? 3 : -3)} ${at - 4}"/>`;
    return html`${leader}<text class="name" x="${anchor}" y="${at}" text-anchor="${isLeft ? 'end' : 'start'}">${text}</text>`;
  });
}

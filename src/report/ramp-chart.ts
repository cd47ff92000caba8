import type { StageResult } from '../domain/traffic.ts';
import { count, weight } from './format.ts';
import { type Html, html } from './html.ts';

/** A bar per stage; the shadow stage is a line on the ground, since it serves nobody. */
export function rampChart(stages: StageResult[], width: number): Html {
  const [top, ground, left] = [24, 150, 4];
  const slot = (width - left * 2) / stages.length;
  const bar = Math.min(slot * 0.7, 72);
  const spoken = stages
    .map((stage) => `${weight(stage.weight)}: ${stage.verdict}, ${stage.observations} pairs`)
    .join('; ');
  return html`<svg viewBox="0 0 ${width} 190" width="${width}" height="190" role="img" aria-label="Traffic weight by stage. ${spoken}">
<path class="axis" d="M${left} ${ground}H${width - left}"/>
${stages.map((stage, i) => {
  const middle = left + slot * (i + 0.5);
  const height = Math.max((stage.weight / 100) * (ground - top), 3);
  return html`<g class="${stage.verdict}"><rect class="solid" x="${(middle - bar / 2).toFixed(1)}" y="${(ground - height).toFixed(1)}" width="${bar.toFixed(1)}" height="${height.toFixed(1)}" rx="2"/></g>
<text class="name" x="${middle.toFixed(1)}" y="${(ground - height - 6).toFixed(1)}" text-anchor="middle">${weight(stage.weight)}</text>
<text x="${middle.toFixed(1)}" y="${ground + 18}" text-anchor="middle">${count(stage.observations)}</text>`;
})}
<text x="${left}" y="${ground + 36}">pairs observed</text></svg>`;
}

import { describeFirst, type GateStatus } from '../domain/decision.ts';
import type { ClosingDocument, EngagementState } from '../domain/engagement.ts';
import { describeCost } from '../domain/serving-cost.ts';
import { isScored, metricText, nameOf } from '../domain/tasks.ts';
import type { EvidenceLine } from '../domain/traffic.ts';
import { waitingText } from '../domain/waiting.ts';
import type { EngagementStatus } from './engagements.ts';
import type { EngagementLine } from './lists.ts';
import { noteLines, supportLine } from './support-text.ts';

const MARK = { successful: '✓', failed: '✗', error: '!', inconclusive: '?' } as const;

const signed = (share: number) => `${share > 0 ? '-' : share < 0 ? '+' : ''}${Math.abs(100 * share).toFixed(2)} pt`;

/** Columns padded to their widest cell; every cell but the last row's is text as given. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}

export function engagementTable(lines: EngagementLine[]): string {
  if (lines.length === 0) return 'no engagements yet; start one with `stepdown start <engagement.yaml>`';
  const rows = lines.map((line) => [
    line.engagement,
    line.client,
    line.model,
    line.package,
    line.phase,
    line.awaitingGate ?? '-',
    line.verdict ?? '-',
    line.startedAt.slice(0, 16).replace('T', ' '),
  ]);
  return table([['ENGAGEMENT', 'CLIENT', 'MODEL', 'PACKAGE', 'PHASE', 'WAITING AT', 'VERDICT', 'STARTED'], ...rows]);
}

function candidateTable({ candidates, spec }: EngagementState): string {
  const changed = isScored(spec.quality) ? 'CHANGED' : 'FLIPS';
  const rows = candidates.map(({ id, verdict, reason, figures }) => [
    `${MARK[verdict]} ${id}`,
    figures ? `${figures.sizeRatio.toFixed(3)}` : '-',
    figures ? metricText(spec.quality, figures.accuracy) : '-',
    figures ? signed(figures.accuracyDrop) : '-',
    figures ? `${figures.speedup.toFixed(2)}x [${figures.speedupInterval.map((x) => x.toFixed(2)).join(', ')}]` : '-',
    figures ? String(figures.flips) : '-',
    verdict === 'successful' ? verdict : `${verdict}: ${reason}`,
  ]);
  return table([
    ['CANDIDATE', 'SIZE', nameOf(spec.quality).toUpperCase(), 'CHANGE', 'SPEED [95 %]', changed, 'VERDICT'],
    ...rows,
  ]);
}

export function gateText(gate: GateStatus): string {
  const { engagement, attempt } = gate;
  const awaited = gate.first ? `; ${describeFirst(gate.first)}` : '';
  const command = gate.verdict === 'successful' ? 'approve' : 'decide';
  const outcome = command === 'decide' ? ' --outcome waived' : '';
  return [
    `${engagement}  gate '${gate.gate}' (attempt ${attempt}), quality gate ${gate.verdict}${awaited}`,
    `  open since ${gate.openedAt}, due ${gate.dueAt}, reminders sent: ${gate.remindersSent}`,
    `  approvers: ${gate.approvers.map((person) => `${person.name} <${person.email}>`).join(', ')}`,
    ...gate.summary.split('\n').map((line) => `  ${line}`.trimEnd()),
    `  evidence ${gate.evidenceSha256}`,
    `  decide: stepdown ${command} ${engagement} --gate ${gate.gate}${outcome} --by ${gate.approvers[0]!.email} --comment "..."`,
  ].join('\n');
}

export function statusText({ state, cutOff, rollout, support, gate }: EngagementStatus): string {
  const { spec, outcome, cancelled } = state;
  const parts = [`${spec.engagement}: ${spec.client.name}, ${spec.model.name}, package ${spec.package}`];
  for (const phase of state.phases) {
    const { decision } = phase;
    const decided = decision ? `${decision.outcome} by ${decision.by}` : 'not decided';
    parts.push(`  ${MARK[phase.verdict]} ${phase.name} (attempt ${phase.attempt}): ${phase.verdict}, ${decided}`);
    if (phase.verdict !== 'successful') parts.push(`      ${phase.reason}`);
  }
  if (outcome)
    parts.push(
      `  ${MARK[outcome.verdict]} closed ${outcome.endedAt.slice(0, 16).replace('T', ' ')} UTC: ${outcome.verdict}. ${outcome.reason}`,
      `  report: ${outcome.report}`
    );
  else if (cutOff)
    parts.push(
      `  ! ended from outside (${cutOff}) in phase ${state.phase}: it was not closed and has no closing report`
    );
  else if (cancelled) parts.push(`  now: being cancelled, by ${cancelled.by}: ${cancelled.comment}`);
  else parts.push(`  now: ${gate ? `waiting at gate '${gate.gate}'` : `working on ${state.phase}`}`);
  if (state.candidates.length > 0) parts.push('', candidateTable(state));
  for (const stage of rollout?.stages ?? state.rollout?.stages ?? [])
    parts.push(
      `  ${MARK[stage.verdict]} ${stage.weight === 0 ? 'shadow' : `${stage.weight} %`}: ${stage.observations} pairs, ${stage.reason}`,
      ...(stage.times ? [`      ${waitingText(stage.times)}`] : [])
    );
  if (rollout)
    parts.push(
      `  rollout at ${rollout.stage === 0 ? 'shadow' : `${rollout.stage} %`}${rollout.paused ? ', paused' : ''}${rollout.look ? `: ${rollout.look.reason}` : ''}`,
      ...(rollout.look?.times ? [`    ${waitingText(rollout.look.times)}`] : []),
      ...(rollout.look?.evidence ?? []).map((line) => `    ${evidenceText(line)}`)
    );
  if (support) parts.push(`  support: ${supportLine(support)}`, ...noteLines(support).map((line) => `  ${line}`));
  if (gate) parts.push('', gateText(gate));
  return parts.join('\n');
}

function evidenceText({ name, action, lnE, bound, seen = 0, expectedMore }: EvidenceLine): string {
  const strength = `${name}: ln E ${lnE.toFixed(2)} of ${bound.toFixed(2)} on ${seen} observations`;
  if (lnE >= bound) return `${strength}, reached: ${action}`;
  return expectedMore == null ? strength : `${strength}, about ${expectedMore} more at these rates to ${action}`;
}

/** Before and after, every figure as measured. */
export function closingText(document: ClosingDocument): string {
  const { baseline, optimized, quality = {} } = document;
  const parts = [`${MARK[document.verdict]} ${document.engagement}: ${document.verdict}. ${document.reason}`];
  if (baseline && optimized) {
    const row = (label: string, before: number, after: number, text: (value: number) => string) => [
      label,
      text(before),
      text(after),
      `${(after / before).toFixed(3)}x`,
    ];
    const ms = (value: number) => `${value.toFixed(2)} ms`;
    const mb = (value: number) => `${(value / 1e6).toFixed(1)} MB`;
    parts.push(
      '',
      table([
        [`on ${optimized.role}`, 'FP32', document.chosen ?? 'optimized', 'ratio'],
        row('size', baseline.sizeBytes, optimized.sizeBytes, mb),
        row(nameOf(quality), baseline.accuracy, optimized.accuracy, (value) => metricText(quality, value)),
        ...(baseline.macroF1 !== undefined && optimized.macroF1 !== undefined
          ? [row('macro F1', baseline.macroF1, optimized.macroF1, (value) => value.toFixed(3))]
          : []),
        row('latency p50', baseline.latency.p50Ms, optimized.latency.p50Ms, ms),
        row('latency p95', baseline.latency.p95Ms, optimized.latency.p95Ms, ms),
        row('latency p99', baseline.latency.p99Ms, optimized.latency.p99Ms, ms),
        row(
          'throughput',
          baseline.throughputPerSecond,
          optimized.throughputPerSecond,
          (value) => `${value.toFixed(1)} /s`
        ),
        row('peak memory', baseline.memoryBytes, optimized.memoryBytes, mb),
      ])
    );
  }
  if (document.cost) parts.push('', describeCost(document.cost));
  for (const stage of document.rollout?.stages ?? [])
    parts.push(
      `${MARK[stage.verdict]} ${stage.weight === 0 ? 'shadow' : `${stage.weight} %`}: ${stage.observations} pairs`
    );
  return [...parts, '', `report   ${document.report}`, `journal  ${document.journal}`].join('\n');
}

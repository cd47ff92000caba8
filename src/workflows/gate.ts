import type { BarChart } from '../domain/bar-chart.ts';
import type { Decision } from '../domain/decision.ts';
import type { Phase } from '../domain/engagement.ts';
import { gateId } from '../domain/ids.ts';
import type { Spec } from '../domain/spec.ts';
import type { Verdict } from '../domain/verdict.ts';
import { records } from './activities.ts';
import { approval } from './approval.ts';
import { runChild } from './child.ts';
import { show } from './search-attributes.ts';

export interface Awaiting {
  gate: string;
  workflowId: string;
  since: string;
}

export interface GateQuestion {
  phase: Phase;
  gate: string;
  attempt: number;
  verdict: Verdict;
  summary: string;
  chart?: BarChart | undefined;
  evidenceSha256: string;
}

/** Opens a gate, waits for its decision, journals it. `holder.awaiting` says meanwhile what is waited for. */
export async function decideAt(holder: { awaiting?: Awaiting }, spec: Spec, question: GateQuestion): Promise<Decision> {
  const { gate, attempt, phase } = question;
  const workflowId = gateId(spec.engagement, gate, attempt);
  holder.awaiting = { gate, workflowId, since: new Date().toISOString() };
  show({ awaitingGate: gate });
  const decision = await runChild(approval, {
    workflowId,
    staticSummary: `gate ${gate}`,
    args: [
      {
        engagement: spec.engagement,
        client: spec.client.name,
        modelName: spec.model.name,
        package: spec.package,
        gate,
        attempt,
        verdict: question.verdict,
        summary: question.summary,
        chart: question.chart,
        evidenceSha256: question.evidenceSha256,
        approvers: spec.gates.approvers,
        needsTwo: spec.gates.fourEyes.includes(phase),
        remindAfterMs: spec.gates.remindAfter,
        expireAfterMs: spec.gates.expireAfter,
      },
    ],
  });
  show({ awaitingGate: null });
  await records.writeJournal({
    engagement: spec.engagement,
    event: `decision/${gate}/${attempt}`,
    kind: 'decision',
    body: decision,
  });
  holder.awaiting = undefined; // only now does the caller's own record say what was decided
  return decision;
}

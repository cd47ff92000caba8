import { condition, patched, setCurrentDetails, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { Decision, DecisionInput, GateRequest, GateStatus } from '../domain/decision.ts';
import { approverOf, refuseDecision } from '../domain/decision.ts';
import { decisionRefused } from '../domain/errors.ts';
import { counted } from '../domain/units.ts';
import { decideUpdate, gateQuery } from './messages.ts';
import { remember, show } from './search-attributes.ts';
import { Outgoing } from './tell.ts';

const NOBODY = 'nobody';
const MAIL_GRACE = '10 seconds'; // a quick decision lets the first mail leave; a dead mail server holds up nobody

/** One gate: waits for a person, reminds, and expires; its result is the decision. */
export async function approval(request: GateRequest): Promise<Decision> {
  const gate = openGate(request);
  // 2026-11-27: gates that were opened before are asked what lists show of them; to be removed once none is open
  const isListed = patched('gates-in-lists');
  const list = () => isListed && inLists(gate);
  listen(gate, list);
  if (isListed) inLists(gate);
  else show({ awaitingGate: gate.gate, verdict: gate.verdict, dueAt: new Date(gate.dueAt) });
  setCurrentDetails(detailsOf(gate));
  const outgoing = new Outgoing();
  const opened = outgoing.send({ kind: 'gate-opened', gate }, gate.gate);
  opened.catch(() => {}); // cancelled with the gate while the mail is on its way; the wait below says so

  const deadline = Date.parse(gate.dueAt);
  while (!gate.decision && Date.now() < deadline) {
    const untilReminder = Math.min(request.remindAfterMs, deadline - Date.now());
    const decided = await condition(() => gate.decision !== undefined, untilReminder, { summary: 'next reminder' });
    if (decided || Date.now() >= deadline) break;
    gate.remindersSent += 1;
    list();
    await outgoing.send({ kind: 'gate-reminder', gate }, gate.gate);
  }
  gate.decision ??= expired(gate);
  list();
  if (gate.decision.outcome === 'expired') await outgoing.send({ kind: 'gate-expired', gate }, gate.gate);
  // 2026-11-27: a rejection waited too, with the candidate in the traffic; to be removed once no gate from before is open
  if (gate.decision.outcome !== 'rejected' || !patched('rejected-at-once'))
    await Promise.race([Promise.all([opened, outgoing.delivered()]), sleep(MAIL_GRACE)]);
  if (!isListed) show({ awaitingGate: null, dueAt: null });
  setCurrentDetails(`Decided: **${gate.decision.outcome}** by ${gate.decision.by}`);
  return gate.decision;
}

/** As it is now, so that lists ask nobody; a decided one is gone from them before its mail has left. */
function inLists({ chart: _, ...gate }: GateStatus): void {
  const { verdict, decision } = gate;
  remember({ gate });
  show({ awaitingGate: decision ? null : gate.gate, verdict, dueAt: decision ? null : new Date(gate.dueAt) });
}

function openGate(request: GateRequest): GateStatus {
  const openedAt = workflowInfo().startTime;
  return {
    ...request,
    workflowId: workflowInfo().workflowId,
    openedAt: openedAt.toISOString(),
    dueAt: new Date(openedAt.getTime() + request.expireAfterMs).toISOString(),
    remindersSent: 0,
  };
}

function listen(gate: GateStatus, list: () => void): void {
  setHandler(gateQuery, () => gate);
  setHandler(
    decideUpdate,
    (input) => {
      const decision: Decision = { ...recorded(gate, input), at: new Date().toISOString() };
      if (!gate.needsTwo || decision.outcome === 'rejected' || decision.outcome === 'revise') gate.decision = decision;
      else if (gate.first) gate.decision = { ...gate.first, second: secondFrom(decision) };
      else gate.first = decision;
      if (!gate.decision) list();
      return decision;
    },
    {
      description: `Approve, reject, revise or waive gate '${gate.gate}'`,
      validator: (input) => {
        const reason = refuseDecision(gate, input);
        if (reason) throw decisionRefused(reason);
      },
    }
  );
}

function recorded(gate: GateStatus, input: DecisionInput): Omit<Decision, 'at'> {
  return {
    gate: gate.gate,
    outcome: input.outcome,
    by: approverOf(gate, input.by)!.email,
    comment: input.comment ?? '',
    changes: input.changes,
    via: input.via,
    enteredBy: input.enteredBy,
    evidenceSha256: gate.evidenceSha256,
  };
}

const secondFrom = ({ by, comment, at, via, enteredBy }: Decision) => ({ by, comment, at, via, enteredBy });

function expired(gate: GateStatus): Decision {
  return {
    gate: gate.gate,
    outcome: 'expired',
    by: NOBODY,
    comment: `nobody decided until ${gate.dueAt}, after ${counted(gate.remindersSent, 'reminder')}`,
    at: new Date().toISOString(),
    evidenceSha256: gate.evidenceSha256,
  };
}

function detailsOf(gate: GateStatus): string {
  const approvers = gate.approvers.map((person) => person.email).join(', ');
  const who = gate.needsTwo ? `two of ${approvers}` : approvers;
  return [
    `**Waiting at gate \`${gate.gate}\`** for ${who}, due ${gate.dueAt}`,
    gate.summary,
    `\`stepdown approve ${gate.engagement} --gate ${gate.gate} --by <email> --comment "..."\``,
  ].join('\n\n');
}

import type { Client } from '@temporalio/client';
import type { Changes, Decision, GateStatus, Outcome, Provenance } from '../domain/decision.ts';
import { decideUpdate } from '../workflows/messages.ts';
import { answered } from './connection.ts';
import { statusOf } from './engagements.ts';
import { CommandError, EXIT } from './errors.ts';

export interface DecideOptions extends Provenance {
  gate?: string;
  outcome: Outcome;
  by: string;
  comment?: string;
  changes?: Changes;
  /** What was looked at; by default what the gate shows now. */
  evidenceSha256?: string;
}

/** Decides the open gate; a repeated call with the same decision returns the first one's result. */
export async function decide(client: Client, name: string, options: DecideOptions): Promise<Decision> {
  const { gate: open, state, decided, rollout } = await statusOf(client, name);
  if (!open || (options.gate && options.gate !== open.gate)) {
    const decisions = [...state.phases.map(({ decision }) => decision), ...(rollout?.decisions ?? []), decided];
    throw nothingToDecide(name, options.gate, open, decisions);
  }
  const { outcome, by, comment, changes, via, enteredBy } = options;
  const evidenceSha256 = options.evidenceSha256 ?? open.evidenceSha256;
  const input = { gate: open.gate, outcome, by, comment, changes, evidenceSha256, via, enteredBy };
  return answered(client, () =>
    client.workflow.getHandle(open.workflowId).executeUpdate(decideUpdate, {
      updateId: `${open.gate}:${open.attempt}:${by}:${outcome}`,
      args: [input],
    })
  );
}

function nothingToDecide(
  name: string,
  gate: string | undefined,
  open: GateStatus | undefined,
  decisions: (Decision | null | undefined)[]
): CommandError {
  const earlier = decisions.findLast((decision) => decision && (!gate || decision.gate === gate));
  const was = earlier
    ? `gate '${earlier.gate}' was decided: ${earlier.outcome} by ${earlier.by} at ${earlier.at}. `
    : '';
  const now = open ? `gate '${open.gate}' is open now` : 'no gate is open';
  return new CommandError(EXIT.refused, `${was}${now}`, `see \`stepdown status ${name}\``, {
    earlier,
    open: open?.gate,
  });
}

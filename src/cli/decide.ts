import type { Client } from '@temporalio/client';
import { problemsOfChanges } from '../domain/changes.ts';
import type { Changes, Decision, GateStatus, Outcome, Provenance } from '../domain/decision.ts';
import type { EngagementState } from '../domain/engagement.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';
import { decideUpdate } from '../workflows/messages.ts';
import { answered } from './connection.ts';
import { statusOf } from './engagements.ts';
import { CommandError, EXIT, NotFound } from './errors.ts';
import { mistaken } from './spec-file.ts';

export interface DecideOptions extends Provenance {
  gate?: string;
  outcome: Outcome;
  by: string;
  comment?: string;
  /** As it was written; checked here. */
  changes?: unknown;
  /** What was looked at; by default what the gate shows now. */
  evidenceSha256?: string;
}

/**
 * Decides the open gate; a repeated call with the same decision returns the first one's result. A gate that a list knows
 * is decided as it stands there; should it have ended since, or changes be asked for, the engagement is asked.
 */
export async function decide(
  client: Client,
  name: string,
  options: DecideOptions,
  known?: GateStatus
): Promise<Decision> {
  if (known && options.changes === undefined)
    try {
      return await decideAt(client, known, options);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  const { gate: open, state, decided, rollout } = await statusOf(client, name);
  if (!open || (options.gate && options.gate !== open.gate)) {
    const decisions = [...state.phases.map(({ decision }) => decision), ...(rollout?.decisions ?? []), decided];
    throw nothingToDecide(name, options.gate, open, decisions);
  }
  return decideAt(client, open, options, checked(options.changes, state));
}

function decideAt(client: Client, open: GateStatus, options: DecideOptions, changes?: Changes): Promise<Decision> {
  const { outcome, by, comment, via, enteredBy } = options;
  const evidenceSha256 = options.evidenceSha256 ?? open.evidenceSha256;
  const input = { gate: open.gate, outcome, by, comment, changes, evidenceSha256, via, enteredBy };
  return answered(client, () =>
    client.workflow.getHandle(open.workflowId).executeUpdate(decideUpdate, {
      updateId: `${open.gate}:${open.attempt}:${by}:${outcome}`,
      args: [input],
    })
  );
}

function checked(changes: unknown, state: EngagementState): Changes | undefined {
  if (changes === undefined) return undefined;
  const problems = problemsOfChanges(changes, state);
  if (problems.length > 0) throw unusableChanges(problems);
  return changes as Changes;
}

export const unusableChanges = (problems: SpecProblem[]) =>
  mistaken('the changes have', 'nothing was decided', problems, 'correct them and decide again; see docs/approving.md');

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

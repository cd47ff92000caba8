import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { GateStatus } from '../domain/decision.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { closingOf, type EngagementStatus, statusOf } from './engagements.ts';

const POLL_MS = 1_000;

/** What changed since the last look, as lines for a log; nothing is said twice. */
class Narrator {
  private readonly said = new Set<string>();

  lines({ state, rollout }: EngagementStatus): string[] {
    const told = [
      ...state.candidates.map(
        ({ id, verdict, reason }) => `${id}: ${verdict}${verdict === 'successful' ? '' : `, ${reason}`}`
      ),
      ...state.phases.map(({ name, attempt, verdict }) => `phase ${name} (attempt ${attempt}): ${verdict}`),
      ...(rollout?.stages ?? []).map(
        ({ weight, observations, verdict, reason }) =>
          `rollout ${weight === 0 ? 'shadow' : `${weight} %`}: ${verdict}, ${observations} pairs, ${reason}`
      ),
      `working on ${state.phase}`,
    ];
    return told.filter((line) => !this.said.has(line) && this.said.add(line));
  }
}

/**
 * Follows an engagement to its end; `say` gets a line for every change, `atGate` is called once for each gate that
 * opens and may decide it.
 */
export async function follow(
  client: Client,
  name: string,
  {
    say,
    atGate,
    signal,
  }: { say: (line: string) => void; atGate?: (gate: GateStatus) => Promise<void>; signal?: AbortSignal }
): Promise<ClosingDocument> {
  const narrator = new Narrator();
  const closing = closingOf(client, name);
  let over = false;
  const end = closing.finally(() => {
    over = true;
  });
  end.catch(() => {}); // awaited below
  const seen = new Set<string>();
  while (!over) {
    signal?.throwIfAborted();
    const status = await statusOf(client, name).catch(() => undefined); // a restart in between; the next look tells
    for (const line of status ? narrator.lines(status) : []) say(line);
    if (status?.gate && !seen.has(status.gate.workflowId + status.gate.openedAt)) {
      seen.add(status.gate.workflowId + status.gate.openedAt);
      say(`gate '${status.gate.gate}' waits for ${status.gate.approvers.map(({ email }) => email).join(', ')}`);
      await atGate?.(status.gate);
    }
    await Promise.race([sleep(POLL_MS), end.catch(() => {})]);
  }
  return closing;
}

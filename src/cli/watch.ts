import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { describeActivity } from '../domain/activity-progress.ts';
import type { GateStatus } from '../domain/decision.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { engagementId } from '../domain/ids.ts';
import { waitingText } from '../domain/waiting.ts';
import { answered } from './connection.ts';
import { closingOf, type EngagementStatus, statusOf } from './engagements.ts';
import { NotFound } from './errors.ts';
import { activitiesOf } from './progress.ts';
import { noteLines, supportLine } from './support-text.ts';

const POLL_MS = 1_000;
const PATIENCE_MS = 30 * 60_000; // for a restart, by a person who looks for the reason first

/** What changed since the last look, as lines for a log; nothing is said twice. */
class Narrator {
  private readonly said = new Set<string>();

  lines({ state, rollout, support }: EngagementStatus): string[] {
    const told = [
      ...state.candidates.map(
        ({ id, verdict, reason }) => `${id}: ${verdict}${verdict === 'successful' ? '' : `, ${reason}`}`
      ),
      ...state.phases.map(({ name, attempt, verdict }) => `phase ${name} (attempt ${attempt}): ${verdict}`),
      ...(rollout?.stages ?? []).map(
        ({ weight, observations, verdict, reason, times }) =>
          `rollout ${weight === 0 ? 'shadow' : `${weight} %`}: ${verdict}, ${observations} pairs, ${reason}${times ? `; ${waitingText(times)}` : ''}`
      ),
      ...(support ? [`support: ${supportLine(support)}`] : []),
      ...(support ? noteLines(support) : []),
      ...(state.phase === 'closed' ? [] : [`working on ${state.phase}`]),
    ];
    return told.filter((line) => !this.said.has(line) && this.said.add(line));
  }
}

export interface Follower {
  /** Gets a line for every change. */
  say: (line: string) => void;
  /** What is being worked on right now; called at every look. */
  onProgress?: (line: string) => void;
  /** The client of where the server is now; asked while none answers. */
  found?: () => Promise<Client>;
  /** Called once for each gate that opens; may decide it. */
  atGate?: (gate: GateStatus) => Promise<void>;
  signal?: AbortSignal;
}

/** Follows an engagement to its end, through restarts of server and worker. */
export async function follow(
  first: Client,
  name: string,
  { say, onProgress, found, atGate, signal }: Follower
): Promise<ClosingDocument> {
  const narrator = new Narrator();
  const seen = new Set<string>();
  let client = first;
  let lostAt: number | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const look = await lookAt(client, name).catch((error: unknown) => {
      if (error instanceof NotFound || Date.now() - (lostAt ?? Date.now()) > PATIENCE_MS) throw error;
      if (lostAt === undefined) say('the connection is lost: Temporal or its worker does not answer; waiting for it');
      lostAt ??= Date.now();
      return undefined;
    });
    if (!look && found) client = await found().catch(() => client);
    if (look) {
      if (lostAt !== undefined) say('connected again');
      lostAt = undefined;
      for (const line of narrator.lines(look.status)) say(line);
      onProgress?.(look.doing);
      const { gate } = look.status;
      if (gate && !seen.has(gate.workflowId + gate.openedAt)) {
        seen.add(gate.workflowId + gate.openedAt);
        say(`gate '${gate.gate}' waits for ${gate.approvers.map(({ email }) => email).join(', ')}`);
        await atGate?.(gate);
      }
      if (look.isOver) return closingOf(client, name);
    }
    await sleep(POLL_MS);
  }
}

async function lookAt(client: Client, name: string) {
  const handle = client.workflow.getHandle(engagementId(name));
  const { status: execution } = await answered(client, () => handle.describe());
  const [status, activities] = await Promise.all([statusOf(client, name), activitiesOf(client, name)]);
  return { status, doing: activities.map(describeActivity).join('; '), isOver: execution.name !== 'RUNNING' };
}

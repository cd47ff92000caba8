import type { Client } from '@temporalio/client';
import { type EngagementStatus, statusOf } from '../cli/engagements.ts';
import { type ActivityProgress, activitiesOf } from '../cli/progress.ts';
import { type Config, whereRunning } from '../config.ts';
import { closingDocument } from '../domain/closing.ts';
import type { ClosingDocument, EngagementInput, EngagementState } from '../domain/engagement.ts';
import type { RouteStatus } from '../domain/traffic.ts';
import { Journal } from '../storage/journal.ts';

const GATEWAY_MS = 2_000;

/** What changes from second to second; the figures are in the document. */
export interface Now extends Pick<EngagementStatus, 'gate' | 'decided' | 'rollout' | 'support'> {
  phase: EngagementState['phase'];
  activities: ActivityProgress[];
  /** Percent of client traffic after the shadow stage, as specified. */
  plannedStages: number[];
  approvers: { name: string; email: string }[];
  /** What the router answers; null while there is no route, or it does not answer. */
  traffic: RouteStatus | null;
}

export interface View {
  /** The closing document as it would be if the engagement ended now. */
  document: ClosingDocument;
  now: Now;
}

/** Everything that the pages of one engagement show. */
export async function viewOf(client: Client, config: Config, name: string): Promise<View> {
  const [status, activities] = await Promise.all([statusOf(client, name), activitiesOf(client, name)]);
  const { state, gate, decided, rollout, support } = status;
  const hasRoute = rollout !== undefined || state.phase === 'support';
  const traffic = hasRoute ? await routeStatus(config, state.spec.model.name) : null;
  const document = await documentSoFar(config, name, state);
  const { rollout: plan, gates } = state.spec;
  const { phase } = state;
  const known = { phase, plannedStages: plan.stages, approvers: gates.approvers };
  return { document, now: { ...known, gate, decided, rollout, support, activities, traffic } };
}

async function documentSoFar(config: Config, name: string, state: EngagementState): Promise<ClosingDocument> {
  const journal = new Journal(config.folders.journals, name);
  const entries = await journal.entries();
  const { startedAt = '', sources } = (entries.find(({ kind }) => kind === 'kick-off')?.body ??
    {}) as Partial<EngagementInput>;
  const closing = entries.find(({ kind }) => kind === 'closing');
  const last = state.phases.at(-1);
  return closingDocument(
    {
      state,
      economics: sources?.economics,
      startedAt,
      endedAt: closing?.at ?? entries.at(-1)?.at ?? '',
      verdict: last?.verdict ?? 'inconclusive',
      reason: last?.reason ?? `at work on ${state.phase}`,
    },
    { report: '', journal: journal.path }
  );
}

/** The router's own account, asked with the token that the server holds. */
async function routeStatus(config: Config, model: string): Promise<RouteStatus | null> {
  const { gateway } = whereRunning(config);
  if (!gateway) return null;
  const headers = config.gatewayToken ? { authorization: `Bearer ${config.gatewayToken}` } : undefined;
  const path = `/control/models/${encodeURIComponent(model)}`;
  const response = await fetch(new URL(path, gateway), { headers, signal: AbortSignal.timeout(GATEWAY_MS) }).catch(
    () => undefined
  );
  return response?.ok ? ((await response.json()) as RouteStatus) : null;
}

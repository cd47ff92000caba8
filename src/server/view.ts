import type { Client } from '@temporalio/client';
import { documentSoFar } from '../cli/document.ts';
import { type EngagementStatus, statusOf } from '../cli/engagements.ts';
import { activitiesOf } from '../cli/progress.ts';
import { type Config, whereRunning } from '../config.ts';
import type { ActivityProgress } from '../domain/activity-progress.ts';
import type { ClosingDocument, EngagementState } from '../domain/engagement.ts';
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
  const journal = new Journal(config.folders.journals, name);
  const document = documentSoFar(journal.path, await journal.entries(), state);
  const { rollout: plan, gates } = state.spec;
  const { phase } = state;
  const known = { phase, plannedStages: plan?.stages ?? [], approvers: gates.approvers };
  return { document, now: { ...known, gate, decided, rollout, support, activities, traffic } };
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

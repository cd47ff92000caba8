import type { Client } from '@temporalio/client';
import type { GateStatus } from '../domain/decision.ts';
import { gateQuery } from '../workflows/messages.ts';
import { answered } from './connection.ts';
import { CommandError, EXIT } from './errors.ts';

/** The gate's own account of itself; undefined in the moment before it has begun to answer. */
export async function gateAt(client: Client, workflowId: string): Promise<GateStatus | undefined> {
  try {
    return await answered(client, () => client.workflow.getHandle(workflowId).query(gateQuery));
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT.refused) return undefined;
    throw error;
  }
}

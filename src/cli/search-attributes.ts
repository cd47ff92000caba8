import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts';
import { hasCode } from './connection.ts';
import { CommandError, EXIT } from './errors.ts';

const INVALID_ARGUMENT = 3; // of gRPC
const PATIENCE_MS = 60_000; // a cluster's parts learn of a new attribute within a minute
const AGAIN_MS = 2_000;

type Service = Pick<Connection['workflowService'], 'countWorkflowExecutions'>;

/** Throws what to register in a namespace that lacks a search attribute: workflows that set one would stand still. */
export async function needSearchAttributes(
  service: Service,
  namespace: string,
  patienceMs = PATIENCE_MS
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const missing = await missingIn(service, namespace);
    if (missing.length === 0) return;
    if (Date.now() >= deadline) throw unregistered(missing, namespace);
    await sleep(Math.min(AGAIN_MS, patienceMs));
  }
}

/** What the index refused to look for is an attribute that it lacks; any other error as it is. */
export const refusedQuery = (error: unknown, namespace: string): unknown =>
  isRefused(error) ? unregistered(['ChangedAt'], namespace) : error;

/** Asked of the index itself: managed clusters list their attributes to nobody. */
async function missingIn(service: Service, namespace: string): Promise<Name[]> {
  const names = Object.keys(SEARCH_ATTRIBUTES) as Name[];
  const lacks = async (asked: Name[]) => {
    const query = asked.map((name) => `${name} IS NULL`).join(' AND ');
    return service.countWorkflowExecutions({ namespace, query }).then(
      () => false,
      (error: unknown) => {
        if (isRefused(error)) return true;
        throw error;
      }
    );
  };
  if (!(await lacks(names))) return [];
  const missing: Name[] = [];
  for (const name of names) if (await lacks([name])) missing.push(name);
  return missing;
}

type Name = keyof typeof SEARCH_ATTRIBUTES;

const isRefused = (error: unknown): boolean => hasCode(error, INVALID_ARGUMENT);

function unregistered(missing: Name[], namespace: string): CommandError {
  const command = `temporal operator search-attribute create --namespace ${namespace}`;
  const each = missing.map((name) => `${command} --name ${name} --type ${SEARCH_ATTRIBUTES[name]}`);
  return new CommandError(
    EXIT.nothingListening,
    `the namespace '${namespace}' has no search attribute ${missing.join(', ')}`,
    `register it: ${each.join(' && ')}`
  );
}

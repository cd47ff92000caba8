import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts';

const RETENTION_SECONDS = 120 * 24 * 3600; // four weeks of work, 90 days of support, and a little
/** temporal.api.enums.v1.IndexedValueType */
const INDEXED_VALUE_TYPE = { Keyword: 2, Datetime: 6 };
const START_TIMEOUT_MS = 60_000;

/** Arguments of the development server; WAL makes it three times as fast. */
export function devServerArguments(at: {
  database: string;
  port: number;
  uiPort: number;
  namespace: string;
}): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
    ...['--port', String(at.port), '--ui-port', String(at.uiPort)],
    ...['--db-filename', at.database, '--namespace', at.namespace],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  ];
}

/** Waits for the server, then brings the namespace's retention and search attributes to what Stepdown needs. */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const connection = await connectWithin(address, namespace, START_TIMEOUT_MS);
  try {
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS as never } },
    });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const searchAttributes = missingSearchAttributes(Object.keys(customAttributes));
    if (Object.keys(searchAttributes).length === 0) return;
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } finally {
    await connection.close();
  }
}

/** Stepdown's search attributes that are not among the known ones, as the server takes them. */
export function missingSearchAttributes(known: string[] = []): Record<string, number> {
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !known.includes(name));
  return Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
}

async function connectWithin(address: string, namespace: string, timeoutMs: number): Promise<Connection> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '2 seconds' });
      await connection.workflowService.describeNamespace({ namespace });
      return connection;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`Temporal does not answer on ${address}: ${error}`);
      await sleep(100);
    }
  }
}

import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { beforeAll, inject } from 'vitest';
import type { FakeActivities } from './fakes.ts';
import { runWithWorker } from './worker.ts';

/** `runWithWorker` on the ring's server and bundle. */
export const withWorker = (
  overrides: Partial<FakeActivities>,
  action: (client: Client, activities: FakeActivities) => Promise<void>,
  how?: { oneAtATime: boolean }
): Promise<void> =>
  runWithWorker(
    { address: inject('temporal'), bundlePath: inject('bundlePath'), namespace: namespace() },
    overrides,
    action,
    how
  );

/** The file's own on the ring's server. */
export const namespace = (): string => inject('namespaces')[Number(process.env.VITEST_POOL_ID) - 1]!;

beforeAll(async () => {
  const connection = await Connection.connect({ address: inject('temporal') });
  const { workflow } = new Client({ connection, namespace: namespace() });
  // what another file has left would ask the activities of this one
  for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" }))
    await workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => {}); // it has ended meanwhile
  await connection.close();
});

export const uniqueName = (): string => `t-${randomUUID().slice(0, 8)}`;

/** Looks again until the answer is there; fails after so many seconds with the last answer. */
export async function eventually<T>(look: () => Promise<T | undefined>, describe = 'it', seconds = 10): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${describe} did not happen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

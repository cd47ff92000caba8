import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { QUEUES } from '../../src/domain/ids.ts';
import { type FakeActivities, fakeActivities } from './fakes.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

/** A client and a worker on all queues with these activities; ends the worker afterwards. */
export async function withWorker(
  overrides: Partial<FakeActivities>,
  action: (client: Client, activities: FakeActivities) => Promise<void>
): Promise<void> {
  const address = inject('temporal');
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const activities = { ...fakeActivities(), ...overrides };
  const workers = await Promise.all(
    Object.values(QUEUES).map((taskQueue) =>
      Worker.create({
        connection: native,
        taskQueue,
        activities,
        ...(taskQueue === QUEUES.engagement && { workflowBundle: { codePath: inject('bundlePath') } }),
      })
    )
  );
  const running = workers.map((worker) => worker.run());
  try {
    await action(new Client({ connection }), activities);
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await native.close();
    await connection.close();
  }
}

export const uniqueName = (): string => `t-${randomUUID().slice(0, 8)}`;

/** Looks again until the answer is there; fails after ten seconds with the last answer. */
export async function eventually<T>(look: () => Promise<T | undefined>, describe = 'it'): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${describe} did not happen within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

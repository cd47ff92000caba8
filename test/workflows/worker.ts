import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { QUEUES } from '../../src/domain/ids.ts';
import { type FakeActivities, fakeActivities } from './fakes.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

/** A client and a worker on all queues with these activities; `oneAtATime` as real hosts do. Ends the worker afterwards. */
export async function runWithWorker(
  { address, bundlePath, namespace = 'default' }: { address: string; bundlePath: string; namespace?: string },
  overrides: Partial<FakeActivities>,
  action: (client: Client, activities: FakeActivities) => Promise<void>,
  { oneAtATime = false } = {}
): Promise<void> {
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const activities = { ...fakeActivities(), ...overrides };
  const workers = await Promise.all(
    Object.values(QUEUES).map((taskQueue) =>
      Worker.create({
        connection: native,
        namespace,
        taskQueue,
        activities,
        ...(taskQueue === QUEUES.engagement
          ? { workflowBundle: { codePath: bundlePath } }
          : oneAtATime && { maxConcurrentActivityTaskExecutions: 1 }),
      })
    )
  );
  const running = workers.map((worker) => worker.run());
  try {
    await action(new Client({ connection, namespace }), activities);
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await native.close();
    await connection.close();
  }
}

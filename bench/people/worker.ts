import { writeFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { fakeActivities } from '../../test/workflows/fakes.ts';
import { figures } from '../../test/workflows/world.ts';

/** The workflows as they are; activities answer at once, but for quantization, which takes longer than the benchmark. */
const [bundlePath, readyPath] = process.argv.slice(2);
const config = loadConfig();
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! });
const activities = {
  ...fakeActivities(),
  ...figures(),
  quantizeCandidate: () => Context.current().cancelled,
};
const workers = await Promise.all(
  Object.values(QUEUES).map((taskQueue) =>
    Worker.create({
      connection,
      taskQueue,
      activities,
      maxCachedWorkflows: config.cachedWorkflows,
      shutdownForceTime: '1 second',
      ...(taskQueue === QUEUES.engagement && { workflowBundle: { codePath: bundlePath! } }),
    })
  )
);
const running = Promise.all(workers.map((worker) => worker.run()));
writeFileSync(readyPath!, String(process.pid));
await running.catch(() => {}); // activities that take longer are not waited for
process.exit(0);

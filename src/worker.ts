import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { createEvaluationActivities } from './activities/evaluation.ts';
import { createExportActivities } from './activities/export.ts';
import { createLoadTestActivities } from './activities/load-test.ts';
import { createMeasurementActivities } from './activities/measurement.ts';
import { createNotificationActivities } from './activities/notification.ts';
import { createPortfolioActivities } from './activities/portfolio.ts';
import { createRecordActivities } from './activities/records.ts';
import { createServingActivities } from './activities/serving.ts';
import { createToolkitActivities } from './activities/toolkit.ts';
import { createTrafficActivities } from './activities/traffic.ts';
import { createTrainingActivities } from './activities/training.ts';
import { createVerdictActivities } from './activities/verdicts.ts';
import { CommandError } from './cli/errors.ts';
import { needSearchAttributes } from './cli/search-attributes.ts';
import { type Config, loadConfig, temporalConnection, whereRunning } from './config.ts';
import type { GateStatus } from './domain/decision.ts';
import { QUEUES } from './domain/ids.ts';
import { workflowBundle } from './embedded/workflow-bundle.ts';
import { ArtifactStore } from './storage/artifacts.ts';
import { linkKey, signLink } from './storage/decision-link.ts';
import { Journal } from './storage/journal.ts';
import { Ledger } from './storage/ledger.ts';
import { makeScratchFolder } from './storage/scratch-folder.ts';

type Queue = (typeof QUEUES)[keyof typeof QUEUES];

const CHECKPOINT_DELAY = '200 ms'; // a checkpoint that waits for the usual 16 s would be lost with the worker

const USAGE = `usage: worker.ts [--queue engagement|toolkit|load-test]...   (default: all three)`;

/** What runs on each queue; measurements and toolkits take one task at a time so that they share the host with nobody. */
function optionsFor(queue: Queue, config: Config, workFolder: string): Partial<WorkerOptions> {
  const artifacts = new ArtifactStore(config.folders.artifacts);
  const ledger = new Ledger(config.folders.trials);
  const journalOf = (engagement: string) => new Journal(config.folders.journals, engagement);
  const shared = { artifacts, ledger, journalOf, workFolder };
  const tools = { ...shared, python: config.python, environments: config.environments };
  if (queue === 'toolkit')
    return {
      activities: {
        ...createToolkitActivities(tools),
        ...createTrainingActivities({ ...tools, checkpointsFolder: join(config.folders.work, 'training') }),
        ...createExportActivities(tools),
      },
      maxConcurrentActivityTaskExecutions: 1,
      maxHeartbeatThrottleInterval: CHECKPOINT_DELAY,
    };
  if (queue === 'load-test')
    return {
      activities: {
        ...createMeasurementActivities(tools),
        ...createEvaluationActivities(shared),
        ...createLoadTestActivities(shared),
        ...createServingActivities(shared),
      },
      maxConcurrentActivityTaskExecutions: 1,
      maxHeartbeatThrottleInterval: CHECKPOINT_DELAY,
    };
  return {
    maxCachedWorkflows: config.cachedWorkflows,
    activities: {
      ...createVerdictActivities(shared),
      ...createRecordActivities({ ...shared, reportsFolder: config.folders.reports }),
      ...createPortfolioActivities({ ...shared, reportsFolder: config.folders.reports }),
      ...createTrafficActivities({ gateway: gatewayOf(config), token: config.gatewayToken, journalOf }),
      ...createNotificationActivities({
        smtpUrl: config.smtpUrl,
        mailFrom: config.mailFrom,
        webhookUrl: config.webhookUrl,
        publicUrl: config.publicUrl,
        outboxFolder: config.folders.outbox,
        decisionLink: decisionLinkOf(config),
      }),
    },
  };
}

/** A personal link to decide with, where people can reach the server. */
function decisionLinkOf({ publicUrl, home }: Config): ((gate: GateStatus, email: string) => string) | undefined {
  if (!publicUrl) return undefined;
  const key = linkKey(home);
  return ({ workflowId, evidenceSha256, dueAt }, email) =>
    `${publicUrl.replace(/\/$/, '')}/decision?link=${signLink(key, { workflowId, evidenceSha256, email, expiresAt: dueAt })}`;
}

function gatewayOf(config: Config): () => string {
  return () => {
    const { gateway } = whereRunning(config);
    if (!gateway) throw new Error('no gateway is known: set STEPDOWN_GATEWAY or run `stepdown up`');
    return gateway;
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { queue: { type: 'string', multiple: true }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const queues = (values.queue ?? Object.values(QUEUES)) as Queue[];
  const unknown = queues.filter((queue) => !Object.values(QUEUES).includes(queue));
  if (unknown.length > 0) throw new Error(`unknown queue ${unknown.join(', ')}\n${USAGE}`);
  const config = loadConfig();
  const temporal = temporalConnection(config);
  if (!temporal) throw new Error('no Temporal server is known: set TEMPORAL_ADDRESS or run `stepdown up`');
  const workFolder = await makeScratchFolder(config.folders.work);
  Runtime.install({ telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } } });
  const connection = await NativeConnection.connect(temporal.options as NativeConnectionOptions);
  if (queues.includes(QUEUES.engagement)) await needSearchAttributes(connection.workflowService, temporal.namespace);
  const workers: Worker[] = [];
  for (const taskQueue of queues)
    workers.push(
      await Worker.create({
        connection,
        namespace: temporal.namespace,
        taskQueue,
        shutdownGraceTime: '2 seconds', // then activities are cancelled: they end their children and are retried later
        shutdownForceTime: '15 seconds',
        ...optionsFor(taskQueue, config, workFolder),
        ...(taskQueue === QUEUES.engagement && { workflowBundle: { codePath: await workflowBundle(config) } }),
      })
    );
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM')); // the supervisor was killed
  const running = Promise.all(workers.map((worker) => worker.run()));
  await writeFile(join(config.home, 'worker.ready'), String(process.pid));
  await running;
  await connection.close();
  process.exit(0); // an open ipc channel to the supervisor would keep the process
}

await main().catch((error: unknown) => {
  const next = error instanceof CommandError ? `. ${error.next}` : '';
  process.stderr.write(`${error instanceof Error ? error.message : error}${next}\n`);
  process.exit(1);
});

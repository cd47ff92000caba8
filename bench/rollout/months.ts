import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowClient } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { gateId, QUEUES, rolloutId, stageGate, supportId } from '../../src/domain/ids.ts';
import { missingSearchAttributes } from '../../src/embedded/temporal.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { rollout } from '../../src/workflows/rollout.ts';
import { support } from '../../src/workflows/support.ts';
import { APPROVER, spec as specOf } from '../../test/workflows/fakes.ts';
import { ref } from '../../test/workflows/measured.ts';
import type { Figure } from '../figure.ts';
import { SimulatedRouter } from './simulated-router.ts';

const [STAGES, LOOKS_PER_DAY, DAYS_PER_REPORT] = [6, 6, 7];
const NAME = 'months';
const ATTEMPT = 1;
/** Events of a run: every task replays its run from the first event, as the workers keep nothing. */
const HISTORY_LIMIT = 300;

/** Six stages of `holdHours`, and up to a day at the gate before the last. */
const planOf = (quick: boolean) =>
  quick ? { holdHours: 22, rampDays: 6, supportDays: 21 } : { holdHours: 108, rampDays: 28, supportDays: 90 };

type Chain = readonly [workflowId: string, firstRunId: string];
type Handle = { describe(): Promise<{ status: { name: string } }> };

/** The rollout and its support window in skipped time, with a new worker for every day; then every history again. */
export async function monthsFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const plan = planOf(quick);
  const logger = new DefaultLogger('ERROR');
  const telemetryOptions = { logging: { filter: { core: 'ERROR', other: 'ERROR' } as const, forward: {} } };
  Runtime.install({ logger, telemetryOptions });
  const path = join(dirname(loadConfig().temporalCli), 'temporal-test-server');
  const server = { executable: { type: 'existing-path', path } } as const;
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server });
  try {
    const searchAttributes = missingSearchAttributes();
    await env.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
    const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
    const router = new SimulatedRouter(() => env.currentTimeMs());
    const days = new Days(env, { workflowBundle, activities: router.activities });
    const spec = specFor(plan);
    // the environment's own client lets time fly while a result is awaited: to the run's limit, ten years from now
    const { workflow } = new Client({ connection: env.connection });
    const options = { taskQueue: QUEUES.engagement };
    const ramp = await workflow.start(rollout, {
      ...options,
      workflowId: rolloutId(NAME, ATTEMPT),
      args: [{ spec, attempt: ATTEMPT, twin: ref('fp32'), candidate: ref('int8'), historyLimit: HISTORY_LIMIT }],
    });
    const gate = workflow.getHandle(gateId(NAME, stageGate(100), ATTEMPT));
    const rampDays = await days.until(ramp, async () => {
      if (!(await isRunning(gate))) return;
      const evidenceSha256 = ref('stages').sha256;
      const said = {
        gate: stageGate(100),
        outcome: 'approved',
        by: APPROVER,
        comment: 'agreed',
        evidenceSha256,
      } as const;
      await gate.executeUpdate(decideUpdate, { args: [said] });
    });
    const ramped = await ramp.result();
    const window = await workflow.start(support, {
      ...options,
      workflowId: supportId(NAME, ATTEMPT),
      args: [{ spec, attempt: ATTEMPT, reference: { a: 5, b: 5 }, historyLimit: HISTORY_LIMIT }],
    });
    const supportDays = await days.until(window);
    const held = await window.result();
    for (const { verdict, reason } of [ramped, held])
      if (verdict !== 'successful') console.error(`months: ${verdict}, ${reason}`);
    const wrong = [ramped, held].filter(({ verdict }) => verdict !== 'successful').length;
    const pairs = held.weeks.reduce((sum, { counts }) => sum + counts.pairs, 0);
    const lost = [
      STAGES - ramped.stages.length,
      plan.supportDays * LOOKS_PER_DAY - held.looks,
      Math.ceil(plan.supportDays / DAYS_PER_REPORT) - held.weeks.length,
      router.pairsOfSupport - pairs,
    ].reduce((sum, missing) => sum + Math.abs(missing), 0);
    const first = [ramp.firstExecutionRunId, (await gate.describe()).runId, window.firstExecutionRunId];
    const ids = [ramp.workflowId, gate.workflowId, window.workflowId];
    const chains = ids.map((id, index): Chain => [id, first[index]!]);
    const replayed = await replay(workflow, workflowBundle, chains);
    const off = Math.max(Math.abs(rampDays - plan.rampDays), Math.abs(supportDays - plan.supportDays));
    const where = `${plan.rampDays} days of ramp and ${plan.supportDays} of support, a new worker each day (${days.workers})`;
    const none = { unit: '', goal: 0, peer: null };
    return [
      { name: `${where}: ended otherwise than successful`, value: wrong, ...none },
      { name: `${where}: stages, looks, reports and pairs lost`, value: lost, ...none },
      { name: `${where}: histories of ${replayed.histories} that do not replay`, value: replayed.failed, ...none },
      { name: `${where}: days more or fewer than planned`, value: off, unit: 'days', goal: 1, peer: null },
    ];
  } finally {
    await env.teardown();
  }
}

const specFor = ({ holdHours, supportDays }: ReturnType<typeof planOf>) =>
  specOf(NAME, {
    support: { days: supportDays, looksPerDay: LOOKS_PER_DAY, daysPerReport: DAYS_PER_REPORT },
    rollout: {
      stages: [1, 5, 25, 50, 100],
      minimumHold: `${holdHours} hours`,
      maximumHold: '10 days',
      disagreementPoints: 4,
      lookEvery: '6 hours',
    },
  });

/** Whether there is such a workflow, and it is open. */
async function isRunning(handle: Handle): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}

/** Lets days go by, each with a worker of its own. */
class Days {
  workers = 0;
  readonly #env: TestWorkflowEnvironment;
  readonly #code: { workflowBundle: WorkflowBundle; activities: object };

  constructor(env: TestWorkflowEnvironment, code: { workflowBundle: WorkflowBundle; activities: object }) {
    this.#env = env;
    this.#code = code;
  }

  /** How many until the workflow ends. */
  async until(handle: Handle, eachEvening: () => Promise<unknown> = async () => {}): Promise<number> {
    for (let day = 1; ; day++) {
      const worker = await Worker.create({
        ...this.#code,
        connection: this.#env.nativeConnection,
        taskQueue: QUEUES.engagement,
        // the server knows no timeout of a sticky queue: a task for yesterday's worker would hold time for ever
        maxCachedWorkflows: 0,
      });
      this.workers++;
      await worker.runUntil(async () => {
        await this.#env.sleep('1 day');
        await eachEvening();
      });
      if (!(await isRunning(handle))) return day;
    }
  }
}

/** Every run of these workflows again, on the code of today. */
async function replay(client: WorkflowClient, workflowBundle: WorkflowBundle, chains: Chain[]) {
  let [histories, failed] = [0, 0];
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(
    { workflowBundle },
    runsOf(client, chains)
  )) {
    histories++;
    if (!error) continue;
    failed++;
    console.error(`months: ${workflowId} ${runId}: ${error}`);
  }
  return { histories, failed };
}

async function* runsOf(client: WorkflowClient, chains: Chain[]) {
  for (const [workflowId, firstRunId] of chains)
    for (let runId: string | undefined = firstRunId; runId; ) {
      const history = await client.getHandle(workflowId, runId).fetchHistory();
      yield { workflowId, history };
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId || undefined;
    }
}

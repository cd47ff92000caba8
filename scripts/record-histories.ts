import { mkdirSync, writeFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { decide } from '../src/cli/decide.ts';
import { kickOff, statusOf } from '../src/cli/engagements.ts';
import { FailureType } from '../src/domain/errors.ts';
import {
  candidateWorkflowId,
  engagementId,
  gateId,
  portfolioId,
  QUEUES,
  rolloutId,
  supportId,
} from '../src/domain/ids.ts';
import { engagement } from '../src/workflows/engagement.ts';
import { portfolio } from '../src/workflows/portfolio.ts';
import { APPROVER, look, spec } from '../test/workflows/fakes.ts';
import { ref } from '../test/workflows/measured.ts';
import { startServer } from '../test/workflows/server.ts';
import { runWithWorker } from '../test/workflows/worker.ts';

const USAGE =
  'usage: node scripts/record-histories.ts v2   (a new suffix for every release; recorded files are never edited)';
const GATES = ['baseline', 'ptq', 'optimization', 'rollout-100'];
const ROOT = new URL('..', import.meta.url).href; // stack traces name it; a history is of no machine
const sources = { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} };

const suffix = process.argv[2];
if (!suffix || !/^v\d+$/.test(suffix)) throw new Error(USAGE);

const server = await startServer();
try {
  await runWithWorker(server, {}, async (client) => {
    await kickOff(
      client,
      spec('closed', { support: { days: 2, day: '1 second', looksPerDay: 1 } }),
      sources,
      'recorder'
    );
    await throughGates(client, 'closed', [...GATES, 'closing']);
    await save(client, engagementId('closed'), 'engagement', 'closed');
    await save(client, candidateWorkflowId('closed', 'int8-dynamic', 1), 'candidate', 'successful');
    await save(client, gateId('closed', 'ptq', 1), 'approval', 'approved');
    await save(client, rolloutId('closed', 1), 'rollout', 'promoted');
    await save(client, supportId('closed', 1), 'support', 'held');

    const args = [
      {
        spec: spec('continued'),
        sources,
        startedBy: 'recorder',
        startedAt: '2026-01-01T00:00:00.000Z',
        historyLimit: 1,
      },
    ] as const;
    await client.workflow.start(engagement, {
      workflowId: engagementId('continued'),
      taskQueue: QUEUES.engagement,
      args: [...args],
    });
    await throughGates(client, 'continued', GATES);
    await save(client, engagementId('continued'), 'engagement', 'continued');
  });
  const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 50 ? 'failed' : 'successful');
  await runWithWorker(server, { lookAtStage }, async (client) => {
    await kickOff(client, spec('tripped'), sources, 'recorder');
    await throughGates(client, 'tripped', GATES.slice(0, 3));
    await save(client, rolloutId('tripped', 1), 'rollout', 'tripped');
  });
  const quantizeCandidate = async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable('the toolkit crashed', FailureType.RepeatedFault);
  };
  await runWithWorker(server, { quantizeCandidate }, async (client) => {
    await kickOff(client, spec('crashed'), sources, 'recorder');
    await throughGates(client, 'crashed', GATES.slice(0, 1));
    await waitForGate(client, 'crashed', 'ptq');
    await decide(client, 'crashed', { gate: 'ptq', outcome: 'rejected', by: APPROVER, comment: 'nothing is left' });
    await client.workflow.getHandle(engagementId('crashed')).result();
    await save(client, candidateWorkflowId('crashed', 'fp16', 1), 'candidate', 'error');
    await save(client, engagementId('crashed'), 'engagement', 'rejected');
  });
  const prepareData = async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable('no such column', FailureType.BadRequest);
  };
  await runWithWorker(server, { prepareData }, async (client) => {
    const members = ['first', 'second'].map((name) => ({
      spec: spec(name, { package: 'enterprise' }),
      sources,
      projected: null,
    }));
    const handle = await client.workflow.start(portfolio, {
      workflowId: portfolioId('pair'),
      taskQueue: QUEUES.engagement,
      args: [{ name: 'pair', concurrency: 1, budgetMs: 3_600_000, members, startedBy: 'recorder' }],
    });
    await handle.result();
    await save(client, portfolioId('pair'), 'portfolio', 'closed');
  });
} finally {
  await server.stop();
}

async function throughGates(client: Client, name: string, gates: string[]): Promise<void> {
  for (const gate of gates) {
    await waitForGate(client, name, gate);
    await decide(client, name, { gate, outcome: 'approved', by: APPROVER });
  }
  if (gates.length >= 3) await client.workflow.getHandle(engagementId(name)).result();
}

async function waitForGate(client: Client, name: string, gate: string): Promise<void> {
  while ((await statusOf(client, name).catch(() => undefined))?.gate?.gate !== gate)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

async function save(client: Client, workflowId: string, type: string, scenario: string): Promise<void> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const folder = new URL(`../test/histories/${type}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL(`${scenario}.${suffix}.json`, folder),
    `${historyToJSON(history).replaceAll(ROOT, 'file:///stepdown/')}\n`,
    {
      flag: 'wx',
    }
  );
  process.stdout.write(`${type}/${scenario}.${suffix}.json: ${history.events?.length} events\n`);
}

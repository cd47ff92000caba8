import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { workflowBundle } from '../../src/embedded/workflow-bundle.ts';
import * as workflows from '../../src/workflows/index.ts';

const HISTORIES = fileURLToPath(new URL('../histories/', import.meta.url));
const files = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
const read = (file: string) => JSON.parse(readFileSync(HISTORIES + file, 'utf8'));

let codePath: string;

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  codePath = await workflowBundle(loadConfig());
});

describe('the bundle', () => {
  it('has no zod: every workflow in memory has a copy of each module that it imports', () => {
    expect(readFileSync(codePath, 'utf8')).not.toMatch(/node_modules\/zod\//);
  });
});

describe('recorded histories', () => {
  it('exist for every workflow type', () => {
    const recorded = new Set(files.map((file) => file.split('/')[0]));
    expect([...recorded].sort()).toEqual(Object.keys(workflows).sort());
  });

  it.each(files)('%s replays on today’s code', async (file) => {
    const first = read(file).events[0].workflowExecutionStartedEventAttributes;
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, read(file), first.workflowId);
  });

  it('would notice a changed order of steps', async () => {
    const history = read(files.find((file) => file.startsWith('candidate/successful'))!);
    for (const event of history.events) {
      const { activityType } = event.activityTaskScheduledEventAttributes ?? {};
      if (activityType?.name === 'quantizeCandidate') activityType.name = 'measureCandidate';
    }
    await expect(Worker.runReplayHistory({ workflowBundle: { codePath } }, history)).rejects.toThrow(
      DeterminismViolationError
    );
  });
});

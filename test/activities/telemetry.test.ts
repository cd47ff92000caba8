import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToolkit } from '../../src/activities/toolkit-process.ts';
import { loadConfig } from '../../src/config.ts';
import { NO_TELEMETRY } from '../../src/domain/no-telemetry.ts';
import { SupervisedProcess } from '../../src/embedded/process.ts';
import { openConnection } from '../../src/inference/connection.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepdown-telemetry-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The environment that a process was started with, as Linux has it. */
const environmentOf = (pid: number): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  );

describe.skipIf(process.platform !== 'linux')('what Stepdown starts (its environment is read on Linux)', () => {
  it('is told to report nothing: processes of up', async () => {
    const child = new SupervisedProcess(
      {
        name: 'sleeper',
        command: 'sleep',
        args: ['60'],
        env: { STEPDOWN_OIDC_CLIENT_SECRET: undefined },
        logPath: join(folder, 'log'),
        ready: () => Promise.resolve(),
      },
      () => {}
    );
    process.env.STEPDOWN_OIDC_CLIENT_SECRET = 'hush';
    await child.start();
    delete process.env.STEPDOWN_OIDC_CLIENT_SECRET;
    const given = environmentOf(child.pid!);
    await child.stop();
    expect(given).toMatchObject(NO_TELEMETRY);
    expect(given).not.toHaveProperty('STEPDOWN_OIDC_CLIENT_SECRET');
  });

  it('is told to report nothing: inference hosts', async () => {
    const host = await openConnection();
    expect(environmentOf(host.pid)).toMatchObject(NO_TELEMETRY);
    await host.close();
  });
});

it('keeps Python toolkits from the model hub and from reporting to it', async () => {
  const python = join(folder, 'python');
  const say = `import json, os; from huggingface_hub import constants as c
print(json.dumps({"type": "result", "said": [c.HF_HUB_DISABLE_TELEMETRY, c.is_offline_mode(), os.environ["ORT_DISABLE_TELEMETRY"]]}))`;
  writeFileSync(python, `#!/bin/sh\nexec '${loadConfig().python}' -c '${say}'\n`, { mode: 0o755 });
  const signal = new AbortController().signal;
  const run = { python, toolkit: 'any', verb: 'probe', job: {}, signal, stderrPath: join(folder, 'stderr') };
  expect(await runToolkit(run)).toEqual({ said: [true, true, '1'] });
});

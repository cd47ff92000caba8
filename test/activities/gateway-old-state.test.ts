import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GatewayProcess, MODEL, routeConfig } from '../fixtures/gateway/gateway.ts';

/** The first version of the state file, as it was written then. */
const FIRST_SCHEMA = `
  CREATE TABLE routes (model TEXT PRIMARY KEY, config TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE predictions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL,
    twin INTEGER, candidate INTEGER,
    label INTEGER, version INTEGER, stage INTEGER,
    UNIQUE (model, id, row)
  ) STRICT;
  PRAGMA user_version = 1;`;

const counts = { pairs: 300, disagreements: 2, plus: 1, minus: 0, zero: 9, candidateRequests: 300, candidateErrors: 0 };
const served = { twin: 200, candidate: 100, replayed: 0 };
const FIRST_STATE = {
  configSha256: 'as it was',
  weight: 2_500,
  stage: '25%',
  stageNumber: 3,
  trip: null,
  counts,
  stageCounts: { ...counts, pairs: 100 },
  served,
  stageServed: served,
  shadowShed: 4,
};
/** Of the version that kept the p95 alone: the twin's answers, by bins of time. */
const TIMES = Array.from({ length: 100 }, (_, bin) => (bin >= 60 ? 5 : 0));

let gateway: GatewayProcess;

beforeEach(async () => {
  gateway = await GatewayProcess.start();
});
afterEach(() => gateway.dispose());

it('goes on with a state file of the first version: weight, counts, predictions and their labels', async () => {
  const old = new DatabaseSync(join(gateway.folder, 'old.db'));
  old.exec(FIRST_SCHEMA);
  const { rollout, ...config } = routeConfig('same');
  old
    .prepare('INSERT INTO routes VALUES (?, ?, ?)')
    .run(MODEL, JSON.stringify({ rollout, ...config }), JSON.stringify({ ...FIRST_STATE, times: TIMES }));
  old.prepare('INSERT INTO predictions VALUES (1, ?, ?, 0, 1, 1, NULL, NULL, NULL)').run(MODEL, 'before');
  old.close();
  await gateway.kill('SIGTERM');
  await gateway.start(['--state', join(gateway.folder, 'old.db')]);
  const ready = await gateway.until(({ arms }) => arms?.twin.state === 'ready' && arms.candidate.state === 'ready');
  expect(ready).toMatchObject({ weight: 2_500, stage: '25%', trip: null, counts, served, shadowShed: 4 });
  expect(ready.judgement.evidence).toHaveLength(5);
  const { n, p50, ms, p99 } = ready.times!.twin!;
  expect(n).toBe(200);
  expect(p50!.ms).toBeLessThan(ms);
  expect(ms).toBeLessThan(p99!.ms);
  const { text } = (await gateway.call<{ text: string }>('GET', '/metrics')).body;
  expect(text).toContain(`answer_milliseconds{model="${MODEL}",arm="twin",quantile="0.99"} ${p99!.ms}\n`);
  expect((await gateway.feedback({ model: MODEL, id: 'before', label: 1 })).body).toMatchObject({ accepted: 1 });
  for (let index = 0; index < 20; index++) await gateway.infer([[1]], { id: `now-${index}`, unit: `user-${index}` });
  const later = await gateway.until((status) => status.counts.pairs === 320);
  expect(later.counts).toMatchObject({ zero: 10, disagreements: 2 });
  expect(later.labelCoverage).toMatchObject({ pairs: { of: 320, labelled: 11 } });
  const [stratum] = later.counts.strata!;
  expect(stratum!.twin.units + stratum!.candidate.units).toBe(20);
  expect((await gateway.setWeight(5_000)).status).toBe(200);
});

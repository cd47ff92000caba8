import { describe, expect, it } from 'vitest';
import { expectedDuration } from '../../src/domain/expected-duration.ts';
import { expectedSearch } from '../../src/domain/load/expected-search.ts';
import { durationLines } from '../../src/report/expected-duration.ts';
import { spec } from '../workflows/fakes.ts';

const ROW_MS = 25;
const TIMES = Array.from({ length: 32 }, (_, row) => ROW_MS * (1 + 0.05 * Math.cos(row)));
const MINUTE_MS = 60_000;
const search = (limitMs: number) =>
  expectedSearch(TIMES, { ...spec('searched').loadTest, level: { percentile: 0.99, limitMs } });

describe('the time that a load test takes', () => {
  it('is told within a factor of two where the service level leaves room', async () => {
    const { least, most, holds } = await search(150);
    expect(holds).toBe(true);
    expect(most).toBeLessThan(2 * least);
    expect(least).toBeGreaterThan(10 * MINUTE_MS);
    expect(most).toBeLessThan(40 * MINUTE_MS);
  });

  it('grows as the service level comes near the time of one row', async () => {
    const [wide, near] = [await search(150), await search(30)];
    expect(near.least).toBeGreaterThan(5 * wide.most);
  });

  it('is told of a search that finds no rate, too', async () => {
    const { holds, least } = await search(20);
    expect(holds).toBe(false);
    expect(least).toBeGreaterThan(60 * MINUTE_MS);
  });
});

describe('the time that an engagement takes', () => {
  const rows = { selection: 1_000, holdout: 1_000 };
  const linesOf = async (limitMs: number, changes = {}) =>
    durationLines(expectedDuration(spec('expected', changes), rows, ROW_MS, await search(limitMs)), ROW_MS).join('\n');

  it('says what its range comes from', async () => {
    const lines = await linesOf(150);
    expect(lines).toContain(
      'are the load tests of two models, as simulated at these times (loadTest: at most 12 rates'
    );
    expect(lines).toContain('the rest are 4 to 9 candidates');
    expect(lines).toContain('3 stages, each from rollout.minimumHold to maximumHold');
    expect(lines).not.toContain('no rate holds');
    expect(await linesOf(150, { package: 'express' })).toContain('the rest are 3 candidates');
    expect(await linesOf(20)).toContain('no rate holds the service level at these times');
  });

  it('has a search for every number of replicas', async () => {
    const found = await search(150);
    const ofReplicas = (replicas: number | number[]) =>
      expectedDuration(spec('packed', { loadTest: { replicas } }), rows, ROW_MS, found).loadTests.least;
    expect(ofReplicas([1, 2, 4])).toBe(3 * ofReplicas(1));
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { count, countFloor, newRoute, type RouteState, trip } from '../../src/gateway/evidence.ts';
import { Store } from '../../src/gateway/store.ts';
import { MODEL, routeConfig } from '../fixtures/gateway/gateway.ts';

const pair = { twin: 1, candidate: 1, label: null, version: null, stage: null };
const key = (id: string) => ({ model: MODEL, id, row: 0 });

let folder: string;
let store: Store;
let route: RouteState;
let faults: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepdown-store-'));
  faults = [];
  store = new Store(join(folder, 'gateway.db'), (fault) => faults.push(fault));
  route = newRoute(routeConfig('same'), 'hash');
  store.putRoute(route);
});

afterEach(async () => {
  vi.restoreAllMocks();
  store.close();
  await rm(folder, { recursive: true, force: true });
});

function observe(id: string): void {
  count(route, 'pairs');
  store.putPrediction(key(id), pair);
  store.observe(route);
}

/** The disk takes nothing more until the returned function is called. */
function fillDisk(): () => void {
  const execute = DatabaseSync.prototype.exec;
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === 'COMMIT') throw new Error('database or disk is full');
    return execute.call(this, sql);
  });
  return () => spy.mockRestore();
}

describe("the gateway's state file", () => {
  it('commits by itself after 100 observations', () => {
    for (let index = 0; index < 99; index++) observe(`request-${index}`);
    const fillAgain = fillDisk();
    observe('request-99');
    fillAgain();
    expect(faults).toEqual(['evidence is not being kept: database or disk is full']);
  });

  it('takes evidence back that it could not keep, so that it can be counted again', () => {
    observe('kept');
    store.commit();
    observe('lost');
    const free = fillDisk();
    expect(() => store.commit()).toThrow('disk is full');
    free();
    expect(route.counts.pairs).toBe(1);
    expect(store.prediction(key('kept'))).toMatchObject({ twin: 1 });
    expect(store.prediction(key('lost'))).toBeUndefined();
  });

  it('never takes a trip back', () => {
    route.weight = 5_000;
    store.commitDurably(route);
    trip(route, 'harm', 'gateway');
    const free = fillDisk();
    expect(() => store.commitDurably(route)).toThrow('disk is full');
    free();
    expect(route).toMatchObject({ weight: 0, trip: { reason: 'harm' } });
    store.commitDurably(route);
    store.close();
    store = new Store(join(folder, 'gateway.db'), () => {});
    expect(store.routes()).toMatchObject([{ weight: 0, trip: { reason: 'harm' } }]);
  });

  it('ignores a route that was replaced', () => {
    const next = newRoute(routeConfig('opposite'), 'other');
    store.putRoute(next);
    count(route, 'pairs', 7);
    store.observe(route);
    store.commitDurably(route);
    store.close();
    store = new Store(join(folder, 'gateway.db'), () => {});
    expect(store.routes()).toMatchObject([{ configSha256: 'other', counts: { pairs: 0 } }]);
  });

  it('keeps how often the twin differed from itself', () => {
    countFloor(route, [1, 2, 0], [1, 3, 0]);
    countFloor(route, [2], [2]);
    store.observe(route);
    store.close();
    store = new Store(join(folder, 'gateway.db'), () => {});
    expect(store.routes()).toMatchObject([{ counts: { floor: { pairs: 4, disagreements: 1 } } }]);
  });

  it('forgets the oldest predictions above its limit', () => {
    for (let index = 0; index < 102_000; index++) store.putPrediction(key(`request-${index}`), pair);
    store.commit();
    expect(store.prediction(key('request-0'))).toBeUndefined();
    expect(store.prediction(key('request-101999'))).toBeDefined();
  });
});

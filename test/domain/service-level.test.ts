import { describe, expect, it } from 'vitest';
import { type ServiceRecord, serviceChecks, targetsOf, withLook } from '../../src/domain/service-level.ts';
import type { Incident } from '../../src/domain/support.ts';
import type { RouteStatus } from '../../src/domain/traffic.ts';
import { renderServiceLevel, whyNoServiceLevel } from '../../src/report/service-level-report.ts';
import { closingDocument, supportWindow } from './closing-document.ts';
import { section } from './rendered.ts';

const status = (twin: string, candidate: string, times?: RouteStatus['times']) =>
  ({ arms: { twin: { state: twin }, candidate: { state: candidate } }, times }) as unknown as RouteStatus;
const times = { candidate: { n: 900, ms: 8.6, lowMs: 8.1, highMs: 9.2 } };
const targets = targetsOf('enterprise')!;
const slo = { sloMs: 10, sloPercentile: 95 };
const service: ServiceRecord = { looks: 8760, up: 8760, candidateReady: 8759, times };
const incident: Incident = {
  number: 1,
  kind: 'disagreement',
  day: 3,
  openedAt: '2026-11-24T09:00:00.000Z',
  reason: 'the arms began to disagree',
  acknowledged: { by: 'ken@example.org', comment: 'a new feed', at: '2026-11-24T12:30:00.000Z' },
};
const endedAt = '2026-11-30T09:00:00.000Z';
const verdictsOf = (record: ServiceRecord, incidents: Incident[] = [], level = slo) =>
  serviceChecks({ service: record, incidents, endedAt, trips: [] }, targets, level).map(({ verdict }) => verdict);

describe('a look at the service', () => {
  it('finds it up while FP32 is ready, whatever the candidate does, and not when the router was late', () => {
    let record = withLook(undefined, status('ready', 'ready', times), false);
    record = withLook(record, status('ready', 'down'), false);
    record = withLook(record, status('down', 'ready'), false);
    record = withLook(record, status('ready', 'ready'), true);
    expect(record).toEqual({ looks: 4, up: 2, candidateReady: 2, times });
  });
});

describe('targets', () => {
  it('are met once the whole interval lies above, and missed once it lies below', () => {
    expect(verdictsOf(service)).toEqual(['successful', 'successful']);
    expect(verdictsOf({ ...service, looks: 24, up: 24 })[0]).toBe('inconclusive');
    expect(verdictsOf({ ...service, up: 8700 })[0]).toBe('failed');
  });

  it('of a percentile above those that were kept can be shown to be missed, not to be met', () => {
    expect(verdictsOf(service, [], { sloMs: 10, sloPercentile: 99 })[1]).toBe('inconclusive');
    expect(verdictsOf(service, [], { sloMs: 8, sloPercentile: 50 })[1]).toBe('inconclusive'); // a p95 is no p50
    expect(verdictsOf(service, [], { sloMs: 8, sloPercentile: 99 })[1]).toBe('failed');
    expect(verdictsOf({ ...service, times: undefined })[1]).toBe('inconclusive');
  });

  it('of a percentile are proven by one above it, and disproved by one below it', () => {
    const kept = { p50: { ms: 4, lowMs: 3.8, highMs: 4.1 }, p99: { ms: 11.9, lowMs: 11.2, highMs: 12.6 } };
    const record = { ...service, times: { candidate: { ...times.candidate, ...kept } } };
    const latency = (sloPercentile: number, sloMs: number) => verdictsOf(record, [], { sloMs, sloPercentile })[1];
    expect(latency(99, 13)).toBe('successful');
    expect(latency(99, 12)).toBe('inconclusive');
    expect(latency(99, 11)).toBe('failed');
    expect(latency(50, 4.2)).toBe('successful');
    expect(latency(99.9, 3)).toBe('failed');
    expect(latency(99.9, 100)).toBe('inconclusive');
  });

  it.each([
    ['in time', '2026-11-24T12:30:00.000Z', 'successful'],
    ['too late', '2026-11-24T13:30:00.000Z', 'failed'],
    ['never', undefined, 'failed'],
  ])('of an incident acknowledged %s', (_when, at, verdict) => {
    const acknowledged = at ? { ...incident.acknowledged!, at } : undefined;
    expect(verdictsOf(service, [{ ...incident, acknowledged }])[2]).toBe(verdict);
  });
});

describe('the service level report', () => {
  const support = supportWindow({ incidents: [incident], service, endedAt });
  const document = closingDocument({ package: 'enterprise', support, serving: slo });

  it('has every target with what was recorded', () => {
    const shown = section(renderServiceLevel(document), 'service');
    expect(shown).toContain('8760 of 8760 looks found the service up: 100.000 %');
    expect(shown).toContain('acknowledged by ken@example.org after 3.50 h, target 4.00 h');
    expect(shown).toContain('The candidate was ready at 8,759 of 8,760 looks');
  });

  it('has each time that the candidate came down, against its target, and the slowest', () => {
    const from = '2026-11-24T09:00:00.000Z';
    const quick = { stage: 25, from, zeroAt: '2026-11-24T09:00:00.004Z', readAt: '2026-11-24T09:00:01.000Z' };
    const slow = { stage: 99, from, zeroAt: '2026-11-24T09:01:00.500Z', readAt: '2026-11-24T09:01:01.000Z' };
    const shown = section(renderServiceLevel({ ...document, trips: [quick, slow] }), 'service');
    expect(shown).toContain(
      'time to 0 % from 25 %, 2026-11-24T09:00:00Z ✓ successful 0.004 s from proof or order to 0 %'
    );
    expect(shown).toContain('read back after 1.000 s, target 60.000 s');
    expect(shown).toMatch(/from 99 %, 2026-11-24T09:00:00Z ✗ failed 60\.500 s from/);
    expect(shown).toContain('It was taken out of the traffic 2 times; the slowest took 60.500 s from proof or order');
    expect(section(renderServiceLevel(document), 'service')).toContain('It was never taken out of the traffic.');
  });

  it('is there only where a package promises something and a window has ended', () => {
    expect(whyNoServiceLevel(document)).toBeUndefined();
    expect(whyNoServiceLevel({ ...document, package: 'professional' })).toContain('has no service targets');
    expect(whyNoServiceLevel({ ...document, support: null })).toContain('has not ended');
  });
});

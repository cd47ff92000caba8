import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createRecordActivities } from '../../src/activities/records.ts';
import { REFERENCES } from '../../src/domain/reoptimization.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { driftOf } from '../../src/domain/statistics/drift.ts';
import { composeMail } from '../../src/report/mail.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { spec as specOf } from '../workflows/fakes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepdown-proposal-'));
});
afterEach(() => rm(folder, { recursive: true }));

const journalOf = (name: string) => new Journal(join(folder, 'journals'), name);
const desk = () =>
  createRecordActivities({
    artifacts: new ArtifactStore(join(folder, 'artifacts')),
    journalOf,
    reportsFolder: join(folder, 'reports'),
  });
const spec = specOf('newswire', { package: 'enterprise', support: { days: 365 } });
const drift = driftOf(REFERENCES.production, [500, 500], [2_000, 8_000]);
const age = { measuredAt: '2026-08-28T12:00:00.000Z', days: 90, limitDays: 90 };
const input = { spec, attempt: 1, day: 14, at: '2026-11-26T12:00:00.000Z' };

describe('the specification of another engagement', () => {
  it('is written once, and its mail says that a person starts it', async () => {
    const { writeProposal } = desk();
    const proposal = (await writeProposal({ ...input, drift }))!;
    expect(await writeProposal({ ...input, drift })).toEqual(proposal);
    const text = await readFile(proposal.specification, 'utf8');
    expect(text).toContain('Nothing has been started');
    expect(parseSpec(parse(text))).toMatchObject({
      spec: { engagement: 'newswire-r2', data: { production: 'data/from-2026-11-26/production' } },
    });
    expect((await journalOf('newswire').entries()).map(({ event, kind }) => [event, kind])).toEqual([
      ['proposal/1', 'proposal'],
    ]);
    const { approvers } = spec.gates;
    const about = { engagement: 'newswire', modelName: 'm', proposal, to: approvers };
    const mail = composeMail({ kind: 'reoptimization-proposed', ...about });
    expect(mail.subject).toBe('Re-optimization proposed: newswire, newswire-r2');
    expect(mail.text).toContain('Production drifted from what this one was given');
    expect(mail.text).toContain('Nothing was started');
    expect(mail.text).toContain('npx stepdown start newswire-r2.yaml');
    expect(mail.text).toContain(proposal.specification);
  });

  it('says of age what it is, and a later one takes the place of the first', async () => {
    const { writeProposal } = desk();
    const first = (await writeProposal({ ...input, age }))!;
    expect(first.drift).toBeUndefined();
    expect(first.reason).toContain('measured on 2026-08-28, 90 days before');
    const second = (await writeProposal({ ...input, day: 104, at: '2027-02-24T12:00:00.000Z', age, replaces: first }))!;
    expect(second.specification).toBe(first.specification);
    expect(parse(await readFile(second.specification, 'utf8')).data.production).toBe('data/from-2027-02-24/production');
    const events = (await journalOf('newswire').entries()).map(({ event }) => event);
    expect(events).toEqual(['proposal/1', 'proposal/1/day-104']);
    const about = { engagement: 'newswire', modelName: 'm', proposal: second, to: spec.gates.approvers };
    const { text } = composeMail({ kind: 'reoptimization-proposed', ...about });
    expect(text).toContain('grown old');
    expect(text).not.toContain('drifted');
  });

  it('is not written while the one that was proposed runs, and has the next name once that has failed', async () => {
    const { writeProposal } = desk();
    await journalOf('newswire-r2').append('kick-off', 'kick-off', {});
    expect(await writeProposal({ ...input, age })).toBeUndefined();
    expect(await journalOf('newswire').entries()).toEqual([]);
    await journalOf('newswire-r2').append('closing', 'closing', { verdict: 'failed' });
    expect((await writeProposal({ ...input, age }))!.engagement).toBe('newswire-r3');
  });
});

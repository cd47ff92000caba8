import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { createRecordActivities } from '../../src/activities/records.ts';
import { REFERENCES } from '../../src/domain/reoptimization.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { driftOf } from '../../src/domain/statistics/drift.ts';
import { composeMail } from '../../src/report/mail.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { spec as specOf } from '../workflows/fakes.ts';

it('writes the specification of another engagement once, and its mail says that a person starts it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-proposal-'));
  try {
    const journal = new Journal(join(folder, 'journals'), 'newswire');
    const { writeProposal } = createRecordActivities({
      artifacts: new ArtifactStore(join(folder, 'artifacts')),
      journalOf: () => journal,
      reportsFolder: join(folder, 'reports'),
    });
    const spec = specOf('newswire', { support: { days: 30 } });
    const drift = driftOf(REFERENCES.production, [500, 500], [2_000, 8_000]);
    const input = { spec, attempt: 1, day: 14, drift, at: '2026-11-26T12:00:00.000Z' };
    const proposal = await writeProposal(input);
    expect(await writeProposal(input)).toEqual(proposal);
    const text = await readFile(proposal.specification, 'utf8');
    expect(text).toContain('Nothing has been started');
    expect(parseSpec(parse(text))).toMatchObject({
      spec: { engagement: 'newswire-r2', data: { production: 'data/from-2026-11-26/production' } },
    });
    expect((await journal.entries()).map(({ event, kind }) => [event, kind])).toEqual([['proposal/1', 'proposal']]);
    const { approvers } = spec.gates;
    const about = { engagement: 'newswire', modelName: 'm', proposal, to: approvers };
    const mail = composeMail({ kind: 'reoptimization-proposed', ...about });
    expect(mail.subject).toBe('Re-optimization proposed: newswire, newswire-r2');
    expect(mail.text).toContain('Nothing was started');
    expect(mail.text).toContain('npx stepdown start newswire-r2.yaml');
    expect(mail.text).toContain(proposal.specification);
  } finally {
    await rm(folder, { recursive: true });
  }
});

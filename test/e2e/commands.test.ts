import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { EngagementStatus } from '../../src/cli/engagements.ts';
import type { Assessment } from '../../src/domain/assessment.ts';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import type { LoadVerdict } from '../../src/domain/load/verdict.ts';
import { APPROVER, Stepdown, smallEngagement } from './stepdown.ts';

describe('the command line', () => {
  const stepdown = new Stepdown();
  afterAll(() => stepdown.dispose());

  it('exits 3 with the next step when nothing is listening', async () => {
    const { code, stderr } = await stepdown.cli('list');
    expect(code).toBe(3);
    expect(stderr).toMatch(/stepdown(\.mjs)? up/);
  });

  it('gives five messages and exit 2 for a specification with five mistakes, and starts nothing', async () => {
    const path = smallEngagement(stepdown.home, 'mistaken');
    const spec = parse(readFileSync(path, 'utf8'));
    spec.engagement = 'Not A Name';
    spec.package = 'platinum';
    spec.quality.marginPoints = -1;
    spec.gates.approvers[0].email = 'ana';
    spec.colour = 'blue';
    writeFileSync(path, stringify(spec));
    const { code, stdout } = await stepdown.cli('start', path, '--json');
    expect(code).toBe(2);
    const { problems } = JSON.parse(stdout) as { problems: { path: string }[] };
    const paths = problems.map((problem) => problem.path).sort();
    expect(paths).toEqual(['colour', 'engagement', 'gates.approvers.0.email', 'package', 'quality.marginPoints']);
  });

  it('exits 2 with the usage for an unknown verb and a missing option', async () => {
    expect((await stepdown.cli('promote')).code).toBe(2);
    expect((await stepdown.cli('approve', 'x')).code).toBe(2);
    expect((await stepdown.cli('--help')).code).toBe(0);
  });

  it('names toolkits, versions, instruction sets, GPU and Temporal in doctor', async () => {
    const doctor = await stepdown.json<Record<string, unknown>>('doctor');
    expect(doctor).toMatchObject({
      host: {
        instructionSets: expect.any(Array),
        gpu: expect.toSatisfy((gpu) => gpu === null || typeof gpu === 'string'),
      },
      toolkits: [
        { name: 'onnxruntime', state: 'installed', versions: { onnxruntime: expect.any(String) } },
        { name: 'pytorch', state: 'installed', environment: 'core', versions: { torch: expect.any(String) } },
        { name: 'optimum', state: expect.any(String), environment: 'optimum', gigabytes: 1.8 },
        { name: 'tensorrt', state: expect.any(String), environment: 'tensorrt', gigabytes: 1.2 },
      ],
      temporal: { cli: expect.stringContaining('Server') },
    });
  });

  it('measures a quick INT8 lap and projects the saving from it', async () => {
    const path = smallEngagement(stepdown.home, 'assessed');
    const fleet = ['--traffic', '200', '--hardware', 'c6id.2xlarge', '--rate', '60', '--accept-old-prices'];
    const assessment = await stepdown.json<Assessment>('assess', path, ...fleet);
    expect(assessment).toMatchObject({
      speedup: { basis: 'measured' },
      accuracyLossPoints: { basis: 'measured' },
      fleet: { instances: 5 },
    });
    expect(assessment.lap!.sizeRatio).toBeLessThan(0.3);
    expect(assessment.lap!.agreement).toBeGreaterThan(0.9);
    expect(assessment.speedup.upper).toBeGreaterThan(1);
  });

  it('plays a load on the selection rows, and refuses what does not go together', async () => {
    const path = smallEngagement(stepdown.home, 'loaded');
    const report = await stepdown.json<{ verdict: LoadVerdict; accuracy: number }>(
      ...['load', path, '--scenario', 'single-stream', '--queries', '120']
    );
    expect(report.accuracy).toBeGreaterThan(0.8);
    expect(report.verdict).toMatchObject({ queries: 120, over: null });
    expect(report.verdict.percentileMs).toBeGreaterThan(1);
    await expect(stepdown.json('load', path, '--rate', '5')).rejects.toThrow('belongs to the server scenario');
    const nobody = ['--endpoint', 'http://127.0.0.1:9', '--scenario', 'offline'];
    await expect(stepdown.json('load', path, ...nobody)).rejects.toThrow('does not answer');
  });

  describe('with an engagement', () => {
    beforeAll(() => stepdown.start());

    it('starts nothing when model and data cannot be used, says all of why, and leaves the name free', async () => {
      const path = smallEngagement(stepdown.home, 'unusable');
      const spec = parse(readFileSync(path, 'utf8'));
      appendFileSync(spec.data.selection, '{"id":"x","text":"a story","label":"no-such-class"}\n');
      spec.data.columns.text = 'body';
      writeFileSync(path, stringify(spec));
      const refused = await stepdown.cli('start', path);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("column 'body' is missing") });
      expect(await stepdown.cli('status', 'unusable')).toMatchObject({ code: 1 });
    });

    it('takes a decision once, and refuses the second with who decided, what and when', async () => {
      await stepdown.json('start', smallEngagement(stepdown.home, 'decided'));
      const again = await stepdown.cli('start', smallEngagement(stepdown.home, 'decided'));
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') });
      const before = await stepdown.untilGate('decided', 'baseline');
      expect(before.gate).toMatchObject({ verdict: 'inconclusive', approvers: [{ email: APPROVER }] });
      const { stdout: gates } = await stepdown.cli('gates');
      expect(gates).toContain('only 200 calibration rows');
      const approved = await stepdown.cli('approve', 'decided', '--by', APPROVER);
      expect(approved).toMatchObject({ code: 1, stderr: expect.stringContaining('waive it with a reason') });
      const stranger = await stepdown.cli('decide', 'decided', '--outcome', 'waived', '--by', 'eve', '--comment', 'x');
      expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining('not an approver') });
      const reject = ['reject', 'decided', '--gate', 'baseline', '--by', APPROVER, '--comment', 'too few rows'];
      expect((await stepdown.cli(...reject)).code).toBe(0);
      const second = await stepdown.cli(...reject);
      expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`rejected by ${APPROVER}`) });
      const watched = await stepdown.cli('watch', 'decided', '--json');
      expect(watched.code).toBe(4);
      const closing = JSON.parse(watched.stdout) as ClosingDocument;
      expect(closing).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('too few rows') });
      const { stdout: status } = await stepdown.cli('status', 'decided');
      expect(status).toMatch(/closed .* failed\. rejected at baseline/);
      const after = await stepdown.json<EngagementStatus>('status', 'decided');
      expect(after.state.phase).toBe('closed');
      const { report } = await stepdown.json<{ report: string }>('report', 'decided');
      expect(readFileSync(report, 'utf8')).toContain('too few rows');
      const guide = await stepdown.cli('report', 'decided', '--deployment');
      expect(guide).toMatchObject({ code: 1, stderr: expect.stringContaining('has no deployment guide') });
    });

    it('follows an engagement through a restart of `up`, and through its cancellation', async () => {
      await stepdown.json('start', smallEngagement(stepdown.home, 'followed'));
      const second = await stepdown.cli('up');
      expect(second).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/is up already: process \d+ runs it in /),
      });
      const { temporal } = stepdown.running();
      const watching = stepdown.watch('followed');
      await stepdown.untilGate('followed', 'baseline');
      await stepdown.stop();
      await watching.until('the connection is lost');
      await stepdown.start();
      expect(stepdown.running().temporal).toBe(temporal);
      await watching.until('connected again');
      const cancel = ['cancel', 'followed', '--reason', 'only tried'];
      expect((await stepdown.cli(...cancel)).code).toBe(2);
      await stepdown.json(...cancel, '--yes');
      await watching.until('only tried');
      expect(await watching.code).toBe(4);
    });

    it('finds one changed byte in an evidence file or in the journal and names the place', async () => {
      const { faults } = await stepdown.json<{ faults: string[] }>('verify', 'decided');
      expect(faults).toEqual([]);
      const journal = join(stepdown.home, 'journals/decided.jsonl');
      const whole = readFileSync(journal, 'utf8');
      const { uri } = (await stepdown.json<EngagementStatus>('status', 'decided')).state.baseline!.predictions.arrow;
      const evidence = join(stepdown.home, 'artifacts', uri);
      const bytes = readFileSync(evidence);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(evidence, bytes);
      const damaged = await stepdown.cli('verify', 'decided');
      expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining(uri) });
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(evidence, bytes);
      writeFileSync(journal, whole.replace('too few rows', 'too few cows'));
      const forged = await stepdown.cli('verify', 'decided');
      expect(forged.code).toBe(1);
      expect(forged.stderr).toMatch(/decided\.jsonl:\d+: the entry was changed/);
      writeFileSync(journal, whole);
      expect((await stepdown.cli('verify', 'decided')).code).toBe(0);
    });
  });
});

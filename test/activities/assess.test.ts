import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Assessment } from '../../src/domain/assessment.ts';
import { assessGiven, type GivenAssessment } from '../../src/domain/given-case.ts';
import { renderGivenCase } from '../../src/report/given-case.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CASE = join(ROOT, 'examples/published-case/assessment.yaml');
const folder = mkdtempSync(join(tmpdir(), 'stepdown-assess-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(join(ROOT, 'bin/stepdown.mjs'), ['assess', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    );
  });
/** The shipped prices grow old; these tests must not. */
const stepdown = (...args: string[]) => run(...args, '--accept-old-prices');
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await stepdown(...args, '--json')).stdout) as T;
const FLEET = ['--traffic', '100', '--hardware', 'g4dn.xlarge', '--monthly-cost', '4600', '--fee', '5000'];

describe('stepdown assess with the published case', () => {
  it('reproduces its figures, marked as given', async () => {
    const html = join(folder, 'case.html');
    const { figures, basis, return: money } = await json<GivenAssessment>(CASE, '--html', html);
    expect(basis).toBe('given');
    expect(figures.map(({ baseline, candidate, unit, basis }) => [baseline, candidate, unit, basis])).toEqual([
      [28, 7, 'GB', 'computed from what is given'],
      [12, 45, 'requests/s', 'given'],
      [240, 89, 'ms', 'given'],
      [11_840, 2_840, '$/month', 'given'],
    ]);
    expect(money).toMatchObject({ savingUsdPerMonth: 9_000 });
    const report = readFileSync(html, 'utf8');
    for (const figure of ['11,840', '2,840', '$9,000', '76 %', '18 days', 'given, not measured'])
      expect(report).toContain(figure);
  });

  it('prints them as given, and what the throughput alone does not account for', async () => {
    const { stdout } = await stepdown(CASE);
    expect(stdout).toContain('GIVEN, NOT MEASURED');
    expect(stdout).toContain('$317 less');
  });

  it('names every mistake of the file', async () => {
    const path = join(folder, 'bad.yaml');
    writeFileSync(
      path,
      readFileSync(CASE, 'utf8').replace('usdPerMonth: 11840', 'usdPerMonth: $11840').replace('89', '-89')
    );
    const { code, stderr } = await stepdown(path);
    expect(code).toBe(2);
    expect(stderr).toContain('baseline.usdPerMonth: "$11840"');
    expect(stderr).toContain('candidate.latencyMs: -89');
  });

  it('escapes what the file says', () => {
    const document = { assessment: '<b>x</b>', source: '<script>', parameters: 1, feeUsd: 1 };
    const side = { precision: 'fp32', requestsPerSecond: 1, latencyMs: 1, usdPerMonth: 1 };
    const result = assessGiven({ ...document, baseline: side, candidate: side });
    if ('problems' in result) throw new Error('refused');
    expect(renderGivenCase(result.assessment)).not.toMatch(/<script>|<b>x/);
  });
});

describe('stepdown assess without a model', () => {
  it('projects a range from traffic, hardware and the bill, with its sources and a dated roadmap', async () => {
    const html = join(folder, 'assessment.html');
    const found = await json<Assessment>(...FLEET, '--html', html);
    expect(found).toMatchObject({
      basis: 'projected',
      model: null,
      fleet: { instances: 12 },
      speedup: { basis: 'published' },
    });
    expect(found.today.usdPerMonth).toBeCloseTo(4_600, 6);
    expect(found.today.utilization).toBeCloseTo(0.7, 6);
    expect(found.breakEvenSpeedup).toBeCloseTo(12 / 11, 6);
    const { p10, p50, p90 } = found.range.savingUsd;
    expect(p10).toBeLessThan(p90);
    expect(p50 / 4_600).toBeCloseTo(8 / 12, 6);
    expect(found.returns.p50.paybackDays).toBeCloseTo((5_000 / p50) * (730 / 24), 6);
    expect(found.roadmap.map(({ week }) => week)).toEqual([1, 2, 3, 4]);
    expect(found.roadmap[0]!.from).toBe(found.date);
    expect(found.assumptions.find(({ option }) => option === '--traffic')).toMatchObject({ isGiven: true });
    expect(found.assumptions.find(({ option }) => option === '--headroom')).toMatchObject({
      isGiven: false,
      value: '0.7',
    });
    expect(readFileSync(html, 'utf8')).toContain('projected, not measured');
  });

  it('can have every assumption set', async () => {
    const { stdout: help } = await stepdown('--help');
    const { assumptions } = await json<Assessment>(...FLEET);
    for (const { option } of assumptions) expect(help).toContain(option);
    const { speedup } = await json<Assessment>(...FLEET, '--speedup', '2,2');
    expect(speedup).toMatchObject({ basis: 'assumed', median: 2 });
  });

  it('says which instance type it assumes where none is named, and how to name it', async () => {
    const traffic = ['--traffic', '100', '--rate', '12'];
    const { stdout } = await stepdown(...traffic);
    expect(stdout).toContain('! no --hardware was given: t4-16gb at $0.526 an hour is assumed');
    expect((await stepdown(...traffic, '--hardware', 'g4dn.xlarge')).stdout).not.toContain('no --hardware');
  });

  it('says that one replica saves nothing, however fast', async () => {
    const { stdout } = await stepdown('--traffic', '1', '--hardware', 'c6gn.xlarge', '--monthly-cost', '124');
    expect(stdout).toContain('no speed-up removes an instance');
    expect(stdout).toContain('no fee was given');
  });

  it('gives sizes and instances of a model that is too large to run', async () => {
    const { sizes } = await json<Assessment>(...FLEET, '--model-parameters', '7e9');
    expect(sizes?.map(({ weightBytes, instance }) => [weightBytes / 1e9, instance?.gpu])).toEqual([
      [28, 'A6000'],
      [14, 'T4'],
      [7, 'T4'],
      [3.5, 'T4'],
    ]);
  });

  it('takes 168 hours from a file, and refuses a file with an hour missing', async () => {
    const path = join(folder, 'week.csv');
    writeFileSync(path, `${Array.from({ length: 168 }, (_, hour) => (hour % 24 < 12 ? 100 : 10)).join('\n')}\n`);
    const rate = ['--hardware', 'g4dn.xlarge', '--rate', '12'];
    const { today } = await json<Assessment>('--traffic', path, ...rate);
    expect(today.instances).toMatchObject({ least: 2, most: 12 });
    writeFileSync(path, `${new Array(167).fill(1).join('\n')}\n`);
    const { code, stderr } = await stepdown('--traffic', path, ...rate);
    expect(code).toBe(2);
    expect(stderr).toContain('--traffic: "167 numbers"');
  });

  it.each([
    [[], ['--traffic', '--monthly-cost']],
    [['--traffic', '0', '--rate', '1'], ['without traffic']],
    [
      ['--traffic', '10rps', '--monthly-cost', '$5'],
      ['--traffic: "10rps"', '--monthly-cost: "$5"'],
    ],
    [
      ['--traffic', 'nowhere.csv', '--rate', '1'],
      ['--traffic: "nowhere.csv": is neither a number nor a file that is there; give requests per second'],
    ],
    [
      ['--traffic', '1', '--rate', '1', '--hardware', 'g4dn-xlarge'],
      ['hardware: "g4dn-xlarge"', 'did you mean g4dn.xlarge?'],
    ],
    [['--traffic', '1', '--monthly-cost', '5', '--extra', 'egress=9'], ['above the 9 of the extras']],
    [
      ['--traffic', '1', '--rate', '1', '--spot', '--reserved'],
      ['--spot', '--reserved'],
    ],
    [['--traffic', '1', '--rate', '1', '--hardware', 'abacus'], ['hardware: "abacus"']],
    [['--traffic', '1', '--rate', '1', '--prices', 'nowhere.csv'], ['no such file']],
  ])('refuses %j', async (args, messages) => {
    const { code, stderr } = await stepdown(...args);
    expect(code).toBe(2);
    for (const message of messages) expect(stderr).toContain(message);
  });
});

describe('stepdown assess with an engagement', () => {
  const file = join(ROOT, 'test/fixtures/classifier.onnx');

  /** A specification whose model is of the kind. */
  function written(model: object): string {
    const path = join(folder, 'engagement.yaml');
    const roles = ['calibration', 'selection', 'holdout', 'production'];
    const spec = {
      engagement: 'assessed',
      client: { name: 'Acme' },
      package: 'express',
      model: {
        ...{ name: 'toy', task: 'text-classification', tokenizer: file, maxLength: 8, labels: ['a', 'b'] },
        ...model,
      },
      data: { columns: {}, ...Object.fromEntries(roles.map((role) => [role, file])) },
      quality: { metric: 'accuracy', marginPoints: 1, sliceMarginPoints: 2 },
      serving: { sloPercentile: 99, sloMs: 100 },
      gates: { approvers: [{ name: 'Ana', email: 'ana@example.org' }] },
      rollout: { minimumHold: '1 hour', maximumHold: '2 hours', disagreementPoints: 2 },
    };
    writeFileSync(path, JSON.stringify(spec));
    return path;
  }

  it('names its model and still says that nothing was measured', async () => {
    const found = await json<Assessment>(written({ kind: 'onnx', path: file }), ...FLEET, '--no-lap');
    expect(found).toMatchObject({ basis: 'projected', model: { name: 'toy', sizeBytes: statSync(file).size } });
    expect(found.notes[0]).toContain('projected, not measured');
  });

  it.each([{ kind: 'huggingface' }, { kind: 'pytorch', entryPoint: 'model:build' }])(
    'takes a folder: %o',
    async (kind) => {
      const path = join(folder, kind.kind);
      mkdirSync(path);
      writeFileSync(join(path, 'config.json'), '{}');
      writeFileSync(join(path, 'weights'), '12345678');
      const found = await json<Assessment>(written({ ...kind, path }), ...FLEET, '--no-lap');
      expect(found.model).toEqual({ name: 'toy', sizeBytes: 10 });
    }
  );
});

describe('stepdown assess with prices of the user', () => {
  const catalogue = join(folder, 'aws.csv');
  writeFileSync(
    catalogue,
    'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,Arch\n' +
      'small,,,4.0,8.0,,0.2,0.05,here,a,x86_64\nsmall,,,4.0,8.0,,0.1,0.05,there,a,x86_64\n'
  );
  const args = ['--traffic', '100', '--rate', '10', '--hardware', 'small', '--prices', catalogue];

  it('takes the cheapest region, or the one that is named', async () => {
    expect((await json<Assessment>(...args)).price).toMatchObject({ region: 'there', source: 'SkyPilot catalogue' });
    expect((await json<Assessment>(...args, '--region', 'here')).price.onDemandUsdPerHour).toBe(0.2);
  });

  it('refuses prices over 90 days old unless they are accepted, and prints their age', async () => {
    const old = new Date(Date.now() - 100 * 86_400_000);
    utimesSync(catalogue, old, old);
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is 100 days old.*--accept-old-prices/);
    expect((await stepdown(...args)).stdout).toContain('100 days old');
  });

  it('says what it can read when it cannot', async () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{"Items": 1}');
    expect((await stepdown('--traffic', '1', '--rate', '1', '--prices', path)).stderr).toContain('give our CSV');
  });
});

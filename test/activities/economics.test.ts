import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEconomics } from '../../src/cli/economics.ts';
import { finder } from '../../src/cli/spec-places.ts';
import type { Spec } from '../../src/domain/spec.ts';
import type { SpecProblem } from '../../src/domain/spec-problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-economics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(over: Partial<NonNullable<Spec['economics']>>) {
  const unfound: SpecProblem[] = [];
  const usual = { traffic: 200, hardware: 'c6id.2xlarge', acceptOldPrices: true, reserved: false, spot: false };
  const found = readEconomics({ ...usual, ...over }, finder(folder, () => true, unfound).find);
  return 'problems' in found ? { problems: [...unfound, ...found.problems] } : found;
}

describe('economics of a specification', () => {
  it('finds the price, and takes traffic from a file', () => {
    writeFileSync(join(folder, 'week.csv'), new Array(168).fill(5).join('\n'));
    const found = read({ traffic: 'week.csv', fee: 5000, headroom: 0.6 });
    expect(found).toMatchObject({
      economics: {
        price: { instance: 'c6id.2xlarge', onDemandUsdPerHour: 0.4032 },
        input: { fee: 5000, plan: { headroom: 0.6, hourlyRps: expect.objectContaining({ length: 168 }) } },
      },
    });
  });

  it.each([
    [{ traffic: 0 }, 'economics.traffic', 'without traffic'],
    [{ traffic: [1, 2] }, 'economics.traffic', '168 hours'],
    [{ hardware: 'abacus' }, 'economics.hardware', 'not in the price list'],
    [{ region: 'mars' }, 'economics.region', 'there are: us-east-1'],
    [{ fee: -1 }, 'economics.fee', 'above 0'],
    [{ headroom: 70 }, 'economics.headroom', 'not a percentage'],
    [{ reserved: true }, 'economics.reserved', 'another price list'],
    [{ prices: 'nowhere.csv' }, 'economics.prices', 'there is no file'],
    [{ traffic: 'nowhere.csv' }, 'economics.traffic', 'there is no file'],
  ])('refuses %j by its field', (over, path, message) => {
    const { problems } = read(over) as { problems: { path: string; message: string }[] };
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]!.message).toContain(message);
  });

  it('refuses a price that is too old, and says how to accept it', () => {
    const head = 'instance,provider,region,gpu,gpuCount,gpuMemoryGb,vcpus,memoryGib,onDemandUsdPerHour';
    const row = 'small,own,here,,0,,2,4,0.1,,,our contract,2020-01-01';
    writeFileSync(join(folder, 'prices.csv'), `${head},reservedUsdPerHour,spotUsdPerHour,source,date\n${row}\n`);
    const old = { hardware: 'small', prices: 'prices.csv' };
    const { problems } = read({ ...old, acceptOldPrices: false }) as { problems: { message: string }[] };
    expect(problems[0]!.message).toContain('economics.acceptOldPrices: true');
    expect(read(old)).toHaveProperty('economics.price.source', 'our contract');
  });
});

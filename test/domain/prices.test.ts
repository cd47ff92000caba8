import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/domain/csv.ts';
import { importAzure, importEc2Instances, importSkypilot } from '../../src/domain/price-import.ts';
import { checkPrices, datePrice, findPrice, type PriceRow, readPrices } from '../../src/domain/prices.ts';
import golden from '../golden/golden.json' with { type: 'json' };

const text = readFileSync(new URL('../../prices/prices.csv', import.meta.url), 'utf8');
const rowsOf = (csv: string): PriceRow[] => {
  const read = readPrices(csv);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.rows;
};
const shipped = rowsOf(text);
const date = '2026-11-01';

describe('the price list', () => {
  it('has the published prices', () => {
    for (const { gpu, pricePerHour } of golden.serving_cost.rows) {
      const row = shipped.find(
        ({ provider, gpu: name, gpuMemoryGb }) => provider === 'published' && gpu === `${name} ${gpuMemoryGb}GB`
      );
      expect(row?.onDemandUsdPerHour).toBe(pricePerHour);
    }
  });

  it('refuses a negative price, a missing source and a bad date by row and column', () => {
    const [header, first] = text.split('\n');
    const bad = first!
      .replace('3.20', '-3.20')
      .replace('2026-11-24', 'yesterday')
      .replace('published table of the trade (golden serving_cost)', '');
    const read = readPrices([header, first, bad].join('\n'));
    expect('problems' in read && read.problems.map(({ path }) => path)).toEqual([
      'prices.1.onDemandUsdPerHour',
      'prices.1.source',
      'prices.1.date',
    ]);
    expect(readPrices('')).toMatchObject({ problems: [{ path: 'prices' }] });
  });

  it('names what there is when an instance or its region is not', () => {
    expect(findPrice(shipped, { instance: 'G4DN.XLARGE' })).toMatchObject({ row: { onDemandUsdPerHour: 0.526 } });
    expect(findPrice(shipped, { instance: 'g9.xlarge' })).toMatchObject({ problems: [{ path: 'hardware' }] });
    expect(findPrice(shipped, { instance: 'g4dn.xlarge', region: 'mars' })).toMatchObject({
      problems: [{ message: expect.stringContaining('us-east-1') }],
    });
  });

  it.each([
    ['2026-11-24', false, 0],
    ['2027-02-22', false, 90],
    ['2027-02-23', false, undefined],
    ['2027-02-23', true, 91],
    ['2026-11-01', true, undefined],
  ])('on %s, old ones accepted: %s, has an age of %s days', (now, acceptOld, age) => {
    const dated = datePrice(shipped[0]!, { now: new Date(now), acceptOld });
    expect('price' in dated ? dated.price.ageDays : undefined).toBe(age);
  });
});

describe('an import', () => {
  it('reads a SkyPilot catalogue, zones of a region as one row', () => {
    const csv = `InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,Arch
g4dn.xlarge,T4,1.0,4.0,16.0,"{'Gpus': [{'Name': 'T4', 'Count': 1.0, 'MemoryInfo': {'SizeInMiB': 16384}}], 'TotalGpuMemoryInMiB': 16384}",0.526,0.21,us-east-1,use1-az1,x86_64
g4dn.xlarge,T4,1.0,4.0,16.0,"{'Gpus': [{'Name': 'T4', 'Count': 1.0, 'MemoryInfo': {'SizeInMiB': 16384}}], 'TotalGpuMemoryInMiB': 16384}",0.526,0.19,us-east-1,use1-az2,x86_64
c6i.xlarge,,,4.0,8.0,,0.17,,us-east-1,use1-az1,x86_64
x.spotonly,,,4.0,8.0,,,0.1,us-east-1,use1-az1,x86_64
`;
    const rows = importSkypilot(csv, { provider: 'aws', date });
    expect(rows).toMatchObject([
      {
        instance: 'g4dn.xlarge',
        gpu: 'T4',
        gpuCount: 1,
        gpuMemoryGb: 16,
        onDemandUsdPerHour: 0.526,
        spotUsdPerHour: 0.19,
      },
      { instance: 'c6i.xlarge', gpu: null, gpuCount: 0, memoryGib: 8, spotUsdPerHour: null },
    ]);
    expect(checkPrices(rows)).toEqual({ rows });
  });

  it('reads instances.json of ec2instances.info', () => {
    const linux = { ondemand: '3.912', spot_avg: '1.5', reserved: { 'yrTerm1Standard.noUpfront': '2.464' } };
    const rows = importEc2Instances(
      [
        {
          instance_type: 'g4dn.12xlarge',
          vCPU: 48,
          memory: 192,
          GPU: 4,
          GPU_model: 'NVIDIA T4',
          GPU_memory: 64,
          pricing: { 'us-east-1': { linux }, 'eu-west-1': {} },
        },
        {
          instance_type: 'c6i.xlarge',
          vCPU: 4,
          memory: 8,
          GPU: 0,
          GPU_model: null,
          GPU_memory: 0,
          pricing: { 'us-east-1': { linux: { ondemand: '0.17' } } },
        },
      ],
      { date }
    );
    expect(rows).toMatchObject([
      { gpuCount: 4, gpuMemoryGb: 16, onDemandUsdPerHour: 3.912, reservedUsdPerHour: 2.464, spotUsdPerHour: 1.5 },
      { gpu: null, gpuMemoryGb: null, reservedUsdPerHour: null },
    ]);
    expect(checkPrices(rows)).toEqual({ rows });
  });

  it("reads Azure's retail prices: a reservation is for the year, Windows is left out", () => {
    const item = {
      currencyCode: 'USD',
      armSkuName: 'Standard_NC4as_T4_v3',
      armRegionName: 'westeurope',
      unitOfMeasure: '1 Hour',
      type: 'Consumption',
      productName: 'NCasT4 v3',
      meterName: 'NC4as T4 v3',
    };
    const Items = [
      { ...item, retailPrice: 0.9, productName: 'NCasT4 v3 Windows' },
      { ...item, retailPrice: 0.1, meterName: 'NC4as T4 v3 Spot' },
      { ...item, retailPrice: 0.6 },
      { ...item, retailPrice: 3504, type: 'Reservation', reservationTerm: '1 Year' },
      { ...item, retailPrice: 0.2, armSkuName: 'Standard_New' },
    ];
    const known = { ...shipped.find(({ gpu }) => gpu === 'T4')!, instance: item.armSkuName };
    const rows = importAzure({ Items }, { date, known: [known] });
    expect(rows).toMatchObject([
      {
        region: 'westeurope',
        gpu: 'T4',
        gpuMemoryGb: 16,
        onDemandUsdPerHour: 0.6,
        reservedUsdPerHour: 0.4,
        spotUsdPerHour: 0.1,
      },
      { instance: 'Standard_New', gpu: null, vcpus: null, memoryGib: null },
    ]);
    expect(checkPrices(rows)).toEqual({ rows });
  });
});

describe('a CSV text', () => {
  it('may have quotes, doubled quotes, line breaks in quotes, CRLF and no last line break', () => {
    expect(parseCsv('a,b\r\n"x, ""y""","1\n2"\r\n\r\n,z')).toEqual([
      { a: 'x, "y"', b: '1\n2' },
      { a: '', b: 'z' },
    ]);
  });

  it('is refused when a quote is not closed', () => {
    expect(() => parseCsv('a,b\n"x,1\n')).toThrow('not closed');
  });
});

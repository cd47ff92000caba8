import { z } from 'zod';
import { parseCsv } from './csv.ts';
import type { PriceRow } from './prices.ts';

const MIB_PER_GB = 1024; // GPUs are sold in GB and listed in MiB: a T4 of 16 GB has 16,384 of them
const HOURS_PER_YEAR = 8760;

const gpuless = { gpu: null, gpuCount: 0, gpuMemoryGb: null };

/** Rows of a SkyPilot catalogue (`vms.csv`), zones of a region as one row with the lowest spot price. */
export function importSkypilot(csv: string, { provider, date }: { provider: string; date: string }): PriceRow[] {
  const rows = parseCsv(csv)
    .filter((record) => Number(record.Price) > 0)
    .map((record): PriceRow => {
      const memoryMib = /'SizeInMiB': *(\d+)/.exec(record.GpuInfo ?? '')?.[1];
      const gpus = Number(record.AcceleratorCount || 0);
      return {
        instance: record.InstanceType!,
        provider,
        region: record.Region!,
        gpu: record.AcceleratorName || null,
        gpuCount: Math.ceil(gpus),
        gpuMemoryGb: memoryMib === undefined ? null : Number(memoryMib) / MIB_PER_GB,
        vcpus: positive(record.vCPUs),
        memoryGib: positive(record.MemoryGiB),
        onDemandUsdPerHour: Number(record.Price),
        reservedUsdPerHour: null,
        spotUsdPerHour: positive(record.SpotPrice),
        source: 'SkyPilot catalogue',
        date,
      };
    });
  return merged(rows);
}

const dollars = z.union([z.string(), z.number()]).optional();
const ec2Schema = z.array(
  z.object({
    instance_type: z.string(),
    vCPU: z.number().optional(),
    memory: z.number().optional(),
    GPU: z.number().optional(),
    GPU_model: z.string().nullish(),
    GPU_memory: z.number().optional(),
    pricing: z.record(
      z.string(),
      z.object({
        linux: z
          .object({
            ondemand: dollars,
            spot_avg: dollars,
            reserved: z.record(z.string(), dollars).optional(),
          })
          .optional(),
      })
    ),
  })
);

/** Linux prices of an `instances.json` as ec2instances.info has it; reserved is one year, standard, nothing upfront. */
export function importEc2Instances(document: unknown, { date }: { date: string }): PriceRow[] {
  return ec2Schema.parse(document).flatMap((type) =>
    Object.entries(type.pricing).flatMap(([region, { linux }]): PriceRow[] => {
      const onDemandUsdPerHour = positive(linux?.ondemand);
      if (onDemandUsdPerHour === null) return [];
      const gpus = Math.ceil(type.GPU ?? 0);
      const gpu = { gpu: type.GPU_model ?? null, gpuCount: gpus, gpuMemoryGb: positive((type.GPU_memory ?? 0) / gpus) };
      return [
        {
          instance: type.instance_type,
          provider: 'aws',
          region,
          ...(gpus > 0 ? gpu : gpuless),
          vcpus: positive(type.vCPU),
          memoryGib: positive(type.memory),
          onDemandUsdPerHour,
          reservedUsdPerHour: positive(linux?.reserved?.['yrTerm1Standard.noUpfront']),
          spotUsdPerHour: positive(linux?.spot_avg),
          source: 'ec2instances.info',
          date,
        },
      ];
    })
  );
}

const azureSchema = z.object({
  Items: z.array(
    z.object({
      currencyCode: z.string(),
      armSkuName: z.string(),
      armRegionName: z.string(),
      retailPrice: z.number(),
      unitOfMeasure: z.string(),
      type: z.string(),
      meterName: z.string().default(''),
      productName: z.string().default(''),
      reservationTerm: z.string().optional(),
    })
  ),
});
type AzureItem = z.output<typeof azureSchema>['Items'][number];

/**
 * Linux machines of an answer of Azure's retail prices in dollars. The answer does not say what a machine has: that is
 * taken from `known` rows of the same name, and is null without one.
 */
export function importAzure(document: unknown, { date, known }: { date: string; known: PriceRow[] }): PriceRow[] {
  const items = azureSchema.parse(document).Items.filter(({ currencyCode, productName, unitOfMeasure, meterName }) => {
    const isLinux = !productName.includes('Windows') && !meterName.includes('Low Priority');
    return currencyCode === 'USD' && unitOfMeasure === '1 Hour' && isLinux;
  });
  const groups = Map.groupBy(items, ({ armSkuName, armRegionName }) => `${armSkuName}/${armRegionName}`);
  return [...groups.values()].flatMap((group): PriceRow[] => {
    const { armSkuName, armRegionName } = group[0]!;
    const isSpot = ({ meterName }: AzureItem) => meterName.includes('Spot');
    const hourly = group.filter(({ type }) => type === 'Consumption');
    const onDemand = hourly.find((item) => !isSpot(item) && item.retailPrice > 0);
    if (!onDemand) return [];
    const yearly = group.find(({ type, reservationTerm }) => type === 'Reservation' && reservationTerm === '1 Year');
    const like = known.find(({ instance }) => instance.toLowerCase() === armSkuName.toLowerCase());
    const { gpu, gpuCount, gpuMemoryGb, vcpus, memoryGib } = like ?? { ...gpuless, vcpus: null, memoryGib: null };
    return [
      {
        ...{ instance: armSkuName, provider: 'azure', region: armRegionName },
        ...{ gpu, gpuCount, gpuMemoryGb, vcpus, memoryGib },
        onDemandUsdPerHour: onDemand.retailPrice,
        reservedUsdPerHour: positive((yearly?.retailPrice ?? 0) / HOURS_PER_YEAR),
        spotUsdPerHour: positive(hourly.find(isSpot)?.retailPrice),
        source: 'Azure Retail Prices',
        date,
      },
    ];
  });
}

function merged(rows: PriceRow[]): PriceRow[] {
  const groups = Map.groupBy(rows, ({ instance, region }) => `${instance}/${region}`);
  return [...groups.values()].map((group) => {
    const spot = group.flatMap(({ spotUsdPerHour }) => spotUsdPerHour ?? []);
    return { ...group[0]!, spotUsdPerHour: spot.length > 0 ? Math.min(...spot) : null };
  });
}

/** A number above 0, or null. */
function positive(value: string | number | undefined): number | null {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : null;
}

import { readFileSync } from 'node:fs';
import { GatewayProcess, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import type { Figure } from '../figure.ts';
import { median } from '../load/bare.ts';
import { Client } from './traffic.ts';

const IN_FLIGHT = 8;
const SAMPLES = 30;

/** Twice as many clients as may be in flight, each asking again at once: half is refused, nobody waits for long. */
export async function overloadFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const seconds = quick ? 60 : 600;
  const gateway = await GatewayProcess.start(['--max-in-flight', String(IN_FLIGHT)]);
  const client = new Client(gateway.url, 2 * IN_FLIGHT);
  try {
    await gateway.open(routeConfig('same'));
    const startedAt = performance.now();
    const isOn = () => performance.now() < startedAt + seconds * 1_000;
    let [sent, refused, other, longestMs] = [0, 0, 0, 0];
    const rss: number[] = [];
    const ask = async () => {
      while (isOn()) {
        const { status, ms } = await client.infer(sent++);
        longestMs = Math.max(longestMs, ms);
        if (status === 429) refused++;
        else if (status !== 200) other++;
        if (performance.now() > startedAt + (rss.length * seconds * 1_000) / SAMPLES) rss.push(residentMb(gateway));
      }
    };
    await Promise.all(Array.from({ length: 2 * IN_FLIGHT }, ask));
    const third = Math.floor(rss.length / 3);
    const growth = 100 * (median(rss.slice(-third)) / median(rss.slice(third, 2 * third)) - 1);
    const where = `${seconds} s at twice the capacity`;
    return [
      {
        name: `${where}: memory of the last third over the middle third`,
        value: growth,
        unit: '%',
        goal: 10,
        peer: null,
      },
      {
        name: `${where}: share refused with 429`,
        value: (100 * refused) / sent,
        unit: '%',
        goal: 1,
        atLeast: true,
        peer: null,
      },
      { name: `${where}: answers other than 200 and 429`, value: other, unit: '', goal: 0, peer: null },
      { name: `${where}: longest answer`, value: longestMs, unit: 'ms', goal: 10_000, peer: null },
    ];
  } finally {
    client.close();
    await gateway.dispose();
  }
}

function residentMb({ process }: GatewayProcess): number {
  const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FULL_WEIGHT } from '../../src/domain/assignment.ts';
import { GatewayProcess, inferBody, MODEL, routeConfig } from '../../test/fixtures/gateway/gateway.ts';
import { HaproxyProcess, haproxyMissing } from '../../test/fixtures/haproxy/haproxy.ts';
import type { Figure } from '../figure.ts';
import { post } from './traffic.ts';

const RAMP = [100, 500, 2_500, 5_000, FULL_WEIGHT];
/** After this stage gateway and HAProxy are killed and started again. */
const RESTART_AFTER = 2_500;
const CONNECTIONS = 8;

/** Every unit asks the gateway, and HAProxy where there is one, at every stage of the ramp. */
export async function assignmentFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const units = quick ? 10_000 : 100_000;
  const [twin, candidate, gateway] = await Promise.all([named('twin'), named('candidate'), GatewayProcess.start()]);
  const haproxy = haproxyMissing ? undefined : await HaproxyProcess.start({ twin: twin.url, candidate: candidate.url });
  if (haproxyMissing) console.error(`assignment is not compared with HAProxy's: ${haproxyMissing}`);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const body = JSON.stringify(inferBody([[1]]));
  const ask = async (url: string, unit: number) => {
    const at = new URL(`/v2/models/${MODEL}/infer`, url);
    const { status, body: said } = await post(agent, at, body, { 'x-stepdown-unit': `user-${unit}` });
    if (status !== 200) throw new Error(`${at} answered ${status}: ${said}`);
    return said.toString();
  };
  try {
    const { status, body: opened } = await gateway.open(
      routeConfig('same', { shadowSample: 0, ...(haproxy && { router: haproxy.router }) })
    );
    if (status !== 200) throw new Error(opened.error);
    const onCandidate = new Uint8Array(units);
    let [flipped, mismatched, worst] = [0, 0, 0];
    for (const weight of RAMP) {
      await gateway.setWeight(weight);
      let [next, assigned] = [0, 0];
      const client = async () => {
        while (next < units) {
          const unit = next++;
          const arm = JSON.parse(await ask(gateway.url, unit)).parameters.arm;
          if (haproxy && (await ask(haproxy.url, unit)) !== arm) mismatched++;
          if (arm === 'candidate') assigned++;
          else if (onCandidate[unit]) flipped++;
          onCandidate[unit] = Number(arm === 'candidate');
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, client));
      worst = Math.max(worst, standardErrors(assigned, units, weight / FULL_WEIGHT));
      if (weight === RESTART_AFTER) await restart(gateway, haproxy);
    }
    const where = `${units} units over the ramp, a restart in the middle`;
    const figures: Figure[] = [
      { name: `${where}: back to the twin`, value: flipped, unit: 'units', goal: 0, peer: null },
      {
        name: `${where}: share off by, at the worst stage`,
        value: worst,
        unit: 'standard errors',
        goal: 3.5,
        peer: null,
      },
    ];
    if (haproxy)
      figures.push({
        name: `${where}: assigned otherwise by HAProxy`,
        value: mismatched,
        unit: 'units',
        goal: 0,
        peer: null,
      });
    return figures;
  } finally {
    agent.destroy();
    await haproxy?.dispose();
    await gateway.dispose();
    twin.close();
    candidate.close();
  }
}

async function restart(gateway: GatewayProcess, haproxy: HaproxyProcess | undefined): Promise<void> {
  await Promise.all([gateway.kill(), haproxy?.kill()]);
  await Promise.all([gateway.start(), haproxy?.start()]);
}

/** Of the share that was asked for; everything or nothing must be met exactly. */
function standardErrors(assigned: number, units: number, share: number): number {
  const error = Math.sqrt((share * (1 - share)) / units);
  const off = Math.abs(assigned / units - share);
  return off === 0 ? 0 : off / error;
}

/** A server that says who it is. */
async function named(name: string): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(name));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GatewayProcess, MODEL, routeConfig, tokens } from '../fixtures/gateway/gateway.ts';

const documented = (name: string) =>
  parse(readFileSync(new URL(`../../docs/examples/${name}`, import.meta.url), 'utf8'));
const pathOf = (url: string) => url.replace(/^https?:\/\/[^/]+/, '').replace('{{args.model}}', MODEL);

let gateway: GatewayProcess;

beforeEach(async () => {
  gateway = await GatewayProcess.start();
});
afterEach(() => gateway.dispose());

/** What each of the documented manifests makes of the gateway's answer now. */
async function judged() {
  const [{ successCondition, failureCondition, provider }] = documented('argo-analysis.yaml').spec.metrics;
  const { body } = await gateway.call('GET', pathOf(provider.web.url));
  const keys: string[] = provider.web.jsonPath.slice('{$.'.length, -1).split('.');
  const result = keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], body);
  const holds = (condition: string) => {
    const [, expected] = /^result == "(.*)"$/.exec(condition)!;
    return result === expected;
  };
  const argo = holds(failureCondition) ? 'Failed' : holds(successCondition) ? 'Successful' : 'Inconclusive';
  const webhooks: { type: string; url: string }[] = documented('flagger-canary.yaml').spec.analysis.webhooks;
  const flagger: Record<string, number> = {};
  for (const { type, url } of webhooks) flagger[type] = (await gateway.call('POST', pathOf(url), {})).status;
  return { argo, flagger };
}

it('lets Argo pause and Flagger wait while nothing is proven', async () => {
  await gateway.open(routeConfig('same'));
  const flagger = { 'confirm-traffic-increase': 409, 'confirm-promotion': 409, rollback: 409 };
  expect(await judged()).toEqual({ argo: 'Inconclusive', flagger });
});

it('lets both go on where harmlessness is proven', async () => {
  await gateway.open(routeConfig('same', { judge: { ...routeConfig('same').judge, margin: 0.2 } }));
  for (let index = 0; (await gateway.status()).judgement.action !== 'promote'; index++)
    await gateway.infer(tokens(index));
  const flagger = { 'confirm-traffic-increase': 200, 'confirm-promotion': 200, rollback: 409 };
  expect(await judged()).toEqual({ argo: 'Successful', flagger });
});

it('lets both roll back where harm is proven', async () => {
  await gateway.open(routeConfig('opposite'));
  for (let index = 0; !(await gateway.status()).trip; index++) await gateway.infer(tokens(index));
  const flagger = { 'confirm-traffic-increase': 409, 'confirm-promotion': 409, rollback: 200 };
  expect(await judged()).toEqual({ argo: 'Failed', flagger });
});

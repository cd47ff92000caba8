import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FailureType } from '../../src/domain/errors.ts';
import type { PortfolioDocument } from '../../src/domain/portfolio-document.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { type Api, startApi } from './api.ts';
import { specDocument } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** A specification with its files, in a folder of the server's. */
function write(name: string, changes: Record<string, unknown> = {}): string {
  writeSmallEngagement(join(api.home, name), specDocument(name, { package: 'enterprise', ...changes }));
  return `${name}/engagement.yaml`;
}

const prepareData = async (): Promise<never> => {
  throw ApplicationFailure.nonRetryable('no such column', FailureType.BadRequest);
};

describe('a portfolio over the API', () => {
  it('is started once, steered and read in the name of who is signed in', async () => {
    await withWorker({ prepareData }, async () => {
      const name = uniqueName();
      const engineer = api.as(['engineer']);
      const post = (path: string, body: object, key?: string) =>
        engineer('POST', `/api/portfolios${path}`, body, key ? { 'idempotency-key': key } : {});
      const engagements = [write(uniqueName()), write(uniqueName())];
      const file = `${name}.yaml`;
      writeFileSync(join(api.home, file), stringify({ name, client: 'Acme', budget: '1 second', engagements }));
      expect((await post('', { portfolio: file, check: true })).json()).toEqual({ portfolio: name, valid: true });
      expect((await engineer('GET', `/api/portfolios/${name}`)).statusCode).toBe(404);
      const first = await post('', { portfolio: file }, 'portfolio');
      expect([first.statusCode, first.json()]).toEqual([201, { portfolio: name }]);
      expect((await post('', { portfolio: file }, 'portfolio')).headers['idempotency-replayed']).toBe('true');
      const document = () =>
        engineer('GET', `/api/portfolios/${name}`).then((answer) => answer.json() as PortfolioDocument);
      const closed = await eventually(async () => {
        const found = await document();
        return found.standing === 'closed' && found.endedAt ? found : undefined;
      }, 'the end');
      expect(closed).toMatchObject({ client: 'Acme', verdicts: { error: 2 }, budget: { givenMs: 1_000 } });
      const again = await post('', { portfolio: file });
      expect(again.statusCode).toBe(422);
      expect(again.json().problems.map(({ path }: { path: string }) => path)).toEqual([
        'engagements.0.engagement',
        'engagements.1.engagement',
      ]);
      const { portfolios } = (await engineer('GET', '/api/portfolios')).json();
      expect(portfolios).toEqual(expect.arrayContaining([expect.objectContaining({ portfolio: name })]));
    });
  });

  it('takes orders, and says what is missing from one', async () => {
    let isOver = false;
    const waits = async (): Promise<never> => {
      await eventually(async () => isOver || undefined, 'the end of the test');
      return prepareData();
    };
    await withWorker({ prepareData: waits }, async () => {
      const name = uniqueName();
      const post = (path: string, body: object) => api.as(['engineer'])('POST', `/api/portfolios${path}`, body);
      writeFileSync(join(api.home, `${name}.yaml`), stringify({ name, engagements: [write(uniqueName())] }));
      expect((await post('', { portfolio: `${name}.yaml` })).statusCode).toBe(201);
      expect((await post(`/${name}/pause`, { comment: 'a holiday' })).json()).toMatchObject({ paused: true });
      expect((await post(`/${name}/pause`, {})).statusCode).toBe(409);
      const added = await post(`/${name}/add`, { spec: write(uniqueName()) });
      expect(added.json().entries).toHaveLength(2);
      for (const [command, body, said] of [
        ['add', {}, 'spec is missing'],
        ['add', { spec: write(uniqueName(), { package: 'express' }) }, "'express' has no portfolio"],
        ['budget', {}, 'budget is missing'],
        ['budget', { budget: 'much' }, "'2 hours'"],
        ['concurrency', { concurrency: 99 }, '99 is no number of places'],
        ['close', {}, 'comment is required'],
      ] as const) {
        const refused = await post(`/${name}/${command}`, body);
        expect([command, refused.statusCode >= 400, refused.json().detail]).toEqual([
          command,
          true,
          expect.stringContaining(said),
        ]);
      }
      expect((await post(`/${name}/budget`, { budget: '2 hours' })).json()).toMatchObject({ budgetMs: 7_200_000 });
      const closing = await post(`/${name}/close`, { comment: 'enough' });
      expect(closing.json().orders.map(({ command, by }: { command: string; by: string }) => [command, by])).toEqual(
        ['pause', 'add', 'budget', 'close'].map((command) => [command, 'engineer@example.org'])
      );
      isOver = true;
      await api.client.workflow.getHandle(`portfolio/${name}`).result();
    });
  });

  it('tells the mistakes of all its specifications together, and reads nothing outside the folder', async () => {
    const name = uniqueName();
    const engagements = [write(uniqueName(), { quality: {} }), '../outside.yaml'];
    writeFileSync(join(api.home, `${name}.yaml`), stringify({ name, engagements }));
    const refused = await api.as(['engineer'])('POST', '/api/portfolios', { portfolio: `${name}.yaml` });
    expect(refused.statusCode).toBe(422);
    const paths = refused.json().problems.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(['engagements.0.quality.metric', 'engagements.1']));
    const place = write(uniqueName());
    const rows = join(api.home, place, '../data/selection.jsonl');
    writeFileSync(rows, readFileSync(rows, 'utf8').replace('"zero"', '"nought"'));
    writeFileSync(join(api.home, `${name}.yaml`), stringify({ name, engagements: [place] }));
    const unusable = await api.as(['engineer'])('POST', '/api/portfolios', { portfolio: `${name}.yaml` });
    expect([unusable.statusCode, unusable.json().problems]).toEqual([
      422,
      [expect.objectContaining({ path: 'engagements.0.data.selection', value: 'nought' })],
    ]);
  });
});

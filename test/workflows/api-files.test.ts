import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/cli/decide.ts';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import { deploymentGuide } from '../../src/domain/deployment/guide.ts';
import type { Serving } from '../../src/domain/deployment/serving.ts';
import { engagementId } from '../../src/domain/ids.ts';
import { suggestedSpec } from '../../src/domain/suggested-spec.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { type Api, startApi } from './api.ts';
import { APPROVER, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';
import { figures } from './world.ts';

const answer = { top1: 0, label: 'a', score: 0.9, repeatedWithin: 0 };
const serving: Serving = {
  inputs: [],
  outputs: [],
  fallback: null,
  smoke: { rowId: 'row-1', request: ref('request'), body: null, candidate: answer, baseline: answer },
};

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('files', () => {
  it('answers an artifact by its hash, and shows stored pages without letting them do anything', async () => {
    const store = new ArtifactStore(api.config.folders.artifacts);
    const json = await store.putJson({ a: 1 });
    const page = await store.putText('<script>alert(1)</script>', '.html');
    const get = (sha256: string) => api.as(['viewer'])('GET', `/api/artifacts/${sha256}`);
    expect((await get(json.sha256)).json()).toEqual({ a: 1 });
    const { headers } = await get(page.sha256);
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'/);
  });

  it('answers no artifact that is a link to somewhere else', async () => {
    const folder = join(api.config.folders.artifacts, 'ab');
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(api.config.home, 'access.db'), join(folder, `${'c'.repeat(62)}.json`));
    expect((await api.as(['viewer'])('GET', `/api/artifacts/ab${'c'.repeat(62)}`)).statusCode).toBe(404);
  });

  it.each([
    '/api/artifacts/../../access.db',
    '/api/artifacts/..%2f..%2f..%2faccess.db',
    '/api/artifacts/%2e%2e/%2e%2e/access.db',
    '/api/artifacts/%252e%252e%252faccess.db',
    '/api/artifacts/..%5c..%5caccess.db',
    '/api/engagements/..%2f..%2f..%2fetc%2fpasswd/report',
    '/api/engagements/%252e%252e%252fx/journal',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%252e%252e%252findex.html',
    '/engagements/..%2f..%2f..%2fetc%2fpasswd',
  ])('answers nothing of the disk for %s as it is sent', async (path) => {
    const own = await startApi();
    const { port } = new URL(await own.app.listen({ port: 0, host: '127.0.0.1' }));
    const headers = { authorization: `Bearer ${own.access.issueToken('reader@example.org', ['viewer'])}` };
    const said = await new Promise<string>((resolve, reject) => {
      const asked = request({ port, path, headers }, (answer) => text(answer).then(resolve, reject));
      asked.once('error', reject).end();
    });
    await own.close();
    expect(said).toMatch(path.startsWith('/engagements') ? /^<!doctype html>/i : /"status":4\d\d/);
    expect(said).not.toMatch(/SQLite format|root:|"dependencies"/);
  });

  it.each(['..%2f..%2faccess.db', '..%2Faccess', `${'a'.repeat(62)}..`, '%00', '....//access.db'])(
    'goes nowhere else by %s',
    async (path) => {
      const { statusCode } = await api.as(['viewer'])('GET', `/api/artifacts/${path}`);
      expect([404, 422]).toContain(statusCode);
      const report = await api.as(['viewer'])('GET', `/api/engagements/${path}/report`);
      expect([404, 422]).toContain(report.statusCode);
    }
  );

  it('answers the deployment guide as a page and as JSON, once the optimization gate wrote it', async () => {
    const name = uniqueName();
    const store = new ArtifactStore(api.config.folders.artifacts);
    const writeGuide = async (input: Parameters<typeof deploymentGuide>[0]) =>
      store.putJson(deploymentGuide({ ...input, serving }));
    const get = (query = '') => api.as(['viewer'])('GET', `/api/engagements/${name}/deployment${query}`);
    await withWorker({ ...figures(), writeGuide }, async (client) => {
      await kickOff(client, spec(name), { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} }, 'tester');
      for (const gate of ['baseline', 'ptq', 'optimization']) {
        expect((await get()).statusCode).toBe(404);
        await eventually(async () => {
          const { gate: open } = await statusOf(client, name);
          return open?.gate === gate ? decide(client, name, { gate, outcome: 'approved', by: APPROVER }) : undefined;
        }, gate);
      }
      const guide = await eventually(async () => {
        const answer = await get('?format=json');
        return answer.statusCode === 200 ? answer.json() : undefined;
      }, 'the guide');
      expect(guide).toMatchObject({ engagement: name, candidate: expect.stringContaining('int8-static') });
      const { body, headers } = await get();
      expect(headers['content-security-policy']).toMatch(/^sandbox/);
      expect(body).toContain(ref('fp32').sha256);
      await client.workflow.getHandle(engagementId(name)).cancel();
    });
  });

  it('answers before and after of an engagement with a chosen candidate', async () => {
    const name = uniqueName();
    await withWorker({}, async (client) => {
      await kickOff(client, spec(name), { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} }, 'tester');
      for (const gate of ['baseline', 'ptq', 'optimization'])
        await eventually(async () => {
          const { gate: open } = await statusOf(client, name);
          if (open?.gate !== gate) return undefined;
          return gate === 'optimization' || decide(client, name, { gate, outcome: 'approved', by: APPROVER });
        }, gate);
      const answer = await api.as(['viewer'])('GET', `/api/engagements/${name}/document`);
      expect(answer.statusCode).toBe(200);
      const { baseline, optimized } = answer.json();
      expect(optimized.sizeBytes).toBeLessThan(baseline.sizeBytes);
      expect(optimized.latency.p95Ms).toBeLessThan(baseline.latency.p95Ms);
      await client.workflow.getHandle(engagementId(name)).cancel();
    });
  });

  it('takes specifications and their files from its folder only', async () => {
    writeFileSync(join(api.home, 'secret.yaml'), 'a: 1\n');
    const inner = join(api.config.home, 'inner.yaml');
    writeFileSync(inner, 'a: 1\n');
    symlinkSync(inner, join(api.home, 'link.yaml'));
    const check = (path: string) => api.as(['engineer'])('POST', '/api/engagements', { spec: path, check: true });
    for (const path of ['../../etc/passwd', '/etc/passwd', 'data/access.db', 'link.yaml'])
      expect((await check(path)).json()).toMatchObject({
        status: 422,
        detail: expect.stringContaining('is no file under'),
      });
    const reached = (await check('secret.yaml')).json();
    expect(reached.problems.length).toBeGreaterThan(5);
  });

  it('writes specifications into its folder only, and replaces none that it does not know', async () => {
    const folder = join(api.home, 'written');
    writeSmallEngagement(folder);
    const approver = { name: 'Ana', email: APPROVER };
    const known = { engagement: uniqueName(), client: 'Acme', modelName: 'm', maxLength: 8, approver };
    const document = suggestedSpec(known);
    const send = (spec: string, more: object = {}) =>
      api.as(['engineer'])('POST', '/api/specifications', { spec, document, save: true, ...more });
    symlinkSync(api.config.home, join(api.home, 'to-data'));
    for (const spec of [
      '../out.yaml',
      '/tmp/out.yaml',
      'data/a.yaml',
      'to-data/a.yaml',
      'written/a.txt',
      'none/a.yaml',
    ])
      expect([spec, (await send(spec)).statusCode]).toEqual([spec, 422]);
    const wrong = await send('written/a.yaml', { document: { ...document, package: 'gold' } });
    expect(wrong.json()).toMatchObject({ status: 422, problems: [{ path: 'package' }] });
    const first = await send('written/a.yaml');
    expect(first.statusCode).toBe(201);
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe(first.json().yaml);
    const other = { document: { ...document, client: { name: 'Other' } } };
    expect((await send('written/a.yaml', other)).statusCode).toBe(409);
    expect((await send('written/a.yaml', { ...other, replaces: first.json().sha256 })).statusCode).toBe(201);
  });

  it('streams the journal, and goes on after the entry that a reader had', async () => {
    const name = uniqueName();
    const journal = new Journal(api.config.folders.journals, name);
    for (const event of ['one', 'two']) await journal.append(event, 'verdict', { event });
    const at = await api.app.listen({ port: 0, host: '127.0.0.1' });
    const authorization = `Bearer ${api.access.issueToken('reader@example.org', ['viewer'])}`;
    const end = new AbortController();
    const response = await fetch(`${at}/api/engagements/${name}/events`, {
      headers: { authorization, 'last-event-id': '1' },
      signal: end.signal,
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let said = '';
    const until = async (text: string) => {
      while (!said.includes(text)) said += (await reader.read()).value ?? '';
    };
    await until('"event":"two"');
    await journal.append('three', 'decision', {});
    await until('id: 3');
    expect(said).not.toContain('"event":"one"');
    end.abort();
  });
});

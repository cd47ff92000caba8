import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseSpec } from '../../src/domain/spec.ts';

const EXAMPLE = readFileSync(new URL('../../examples/newswire/engagement.yaml', import.meta.url), 'utf8');

/** The example with another router; its problems, or nothing. */
function problemsWith(router: unknown, more: object = {}) {
  const document = parse(EXAMPLE);
  Object.assign(document.rollout, { router, ...more });
  const read = parseSpec(document);
  return 'problems' in read ? read.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

const haproxy = {
  kind: 'haproxy',
  socket: '/run/haproxy.sock',
  map: '/etc/w.map',
  key: 'topics',
  backend: 'candidate',
};
const kserve = { kind: 'kserve', namespace: 'prod', service: 'topics' };

describe('rollout.router', () => {
  it.each([haproxy, kserve, { kind: 'gateway-api', namespace: 'prod', route: 'r', twin: 'a', candidate: 'b' }])(
    'takes $kind',
    (router) => expect(problemsWith(router)).toEqual([])
  );

  it.each([
    ['rollout.router.kind', { kind: 'nginx' }, /must be one of haproxy, kserve, gateway-api/],
    ['rollout.router.map', { ...haproxy, map: 'a b' }, /without spaces/],
    ['rollout.router.key', { ...haproxy, key: 'a;disable server b/s' }, /without spaces/],
    ['rollout.router.backend', { ...haproxy, backend: undefined }, /is missing/],
    ['rollout.router.namespace', { ...kserve, namespace: 'Prod/x' }, /Kubernetes object/],
    ['rollout.router.apiServer', { ...kserve, apiServer: 'file:///x' }, /must be a URL/],
    ['rollout.router.weight', { ...kserve, weight: 5 }, /not a known key/],
  ])('refuses by its field: %s', (path, router, message) => {
    const problems = problemsWith(router);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${path}: `));
    expect(problems[0]).toMatch(message);
  });

  it('refuses stages that KServe cannot have, and those that it cannot have for the hold-back', () => {
    expect(problemsWith(kserve, { stages: [0.5, 100] })).toEqual([expect.stringMatching(/^rollout.stages: .*0.5 %/)]);
    expect(problemsWith(kserve, { holdBackPercent: 0.5 })).toEqual([expect.stringMatching(/99.5 %/)]);
    expect(problemsWith(haproxy, { stages: [0.5, 100], holdBackPercent: 0.5 })).toEqual([]);
  });
});

describe('rollout.remotes', () => {
  it('takes servers by URL, and refuses what is none by its field', () => {
    expect(
      problemsWith(undefined, { remotes: { candidate: { url: 'http://10.0.0.7:8080', model: 'topics' } } })
    ).toEqual([]);
    expect(problemsWith(undefined, { remotes: { twin: { url: '10.0.0.7:8080', model: 'topics' } } })).toEqual([
      expect.stringMatching(/^rollout.remotes.twin.url: must be the URL of a server/),
    ]);
  });
});

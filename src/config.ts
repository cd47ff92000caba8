import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { jsonOf } from './domain/json.ts';
import { ROLES, type Role } from './server/people.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function isPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}

/** Of the sign-in at a provider; half of it would be found out by the first person who tries. */
function fitTogether(values: Record<string, unknown>, { addIssue }: z.RefinementCtx<unknown>): void {
  const given = (name: string) => values[`STEPDOWN_OIDC_${name}`] !== undefined;
  const refuse = (name: string, message: string) =>
    addIssue({ code: 'custom', path: [`STEPDOWN_OIDC_${name}`], message });
  const hasSecret = given('CLIENT_SECRET') || given('CLIENT_SECRET_FILE');
  if (hasSecret && !given('CLIENT_ID')) refuse('CLIENT_ID', 'it is missing, and its secret is given');
  if (given('CLIENT_ID') && !given('ISSUER')) refuse('ISSUER', 'it is missing, and a client id is given');
  if (given('CLIENT_SECRET') && given('CLIENT_SECRET_FILE'))
    refuse('CLIENT_SECRET_FILE', 'give the secret or its file, not both');
}

const environment = z
  .object({
    STEPDOWN_HOME: z.string().min(1).default('.stepdown'),
    STEPDOWN_PYTHON: z.string().min(1).default(join(ROOT, '.tools/core/bin/python')),
    STEPDOWN_ENVIRONMENTS: z.string().min(1).default(join(ROOT, '.tools')),
    STEPDOWN_TEMPORAL_CLI: z.string().min(1).default(join(ROOT, '.tools/tools/bin/temporal')),
    STEPDOWN_GATEWAY: z.url().optional(),
    STEPDOWN_GATEWAY_TOKEN: z.string().min(16, 'use at least 16 characters').optional(),
    STEPDOWN_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    STEPDOWN_WEBHOOK_URL: z
      .string()
      .refine(isPrivate, 'give an https:// address; http:// only on this machine, as its path is a secret')
      .optional(),
    STEPDOWN_MAIL_FROM: z.string().min(3).default('Stepdown <stepdown@localhost>'),
    STEPDOWN_CHROMIUM: z.string().min(1).optional(),
    PATH: z.string().default(''),
    STEPDOWN_SPECS: z.string().min(1).default('.'),
    STEPDOWN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    STEPDOWN_CACHED_WORKFLOWS: z.coerce.number().int().min(10).default(500),
    STEPDOWN_SERVER_PORT: z.coerce.number().int().min(0).max(65_535).default(7878),
    STEPDOWN_OIDC_ISSUER: z
      .string()
      .refine(isPrivate, 'give an https:// address; http:// only on this machine, as secrets go there')
      .optional(),
    STEPDOWN_OIDC_NAME: z.string().min(1).optional(),
    STEPDOWN_OIDC_AUDIENCE: z.string().min(1).default('stepdown'),
    STEPDOWN_OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
    STEPDOWN_OIDC_GROUPS: z
      .string()
      .transform((text) => jsonOf(text) ?? text)
      .pipe(z.partialRecord(z.enum(ROLES), z.array(z.string().min(1)), `give JSON: {"approver": ["a group", …], …}`))
      .optional(),
    STEPDOWN_OIDC_CLIENT_ID: z.string().min(1).optional(),
    STEPDOWN_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
    STEPDOWN_OIDC_CLIENT_SECRET_FILE: z.string().min(1).optional(),
    STEPDOWN_OIDC_SCOPES: z
      .string()
      .regex(/\bopenid\b/, 'openid is missing')
      .default('openid email profile'),
    TEMPORAL_ADDRESS: z.string().optional(),
    TEMPORAL_NAMESPACE: z.string().default('default'),
  })
  .superRefine(fitTogether);

interface OidcConfig {
  issuer: string;
  /** As people know it. */
  name: string;
  /** Of bearer tokens. */
  audience: string;
  rolesClaim: string;
  /** The provider's names for our roles; without them, it uses ours. */
  groups?: Partial<Record<Role, string[]>>;
  /** What browsers sign in with; without it, bearer tokens are taken only. */
  signIn?: { clientId: string; clientSecret?: string; clientSecretFile?: string; scopes: string };
}

export interface Config {
  root: string;
  /** The data directory: everything that an embedded Stepdown keeps. */
  home: string;
  python: string;
  /** Where environments of further toolkits are, or are made when first needed. */
  environments: string;
  temporalCli: string;
  gatewayToken?: string;
  smtpUrl?: string;
  mailFrom: string;
  /** Where messages are posted too; whoever knows it can post there. */
  webhookUrl?: string;
  namespace: string;
  /** Chromium that prints PDF, named or found on the PATH. */
  chromium?: string;
  /** Where the server takes specifications and their files from. */
  specsFolder: string;
  /** How people reach the server; mails carry decision links where it is known. */
  publicUrl?: string;
  /** Workflows that a worker keeps in memory, about 0.3 MB each; others are played again from their history. */
  cachedWorkflows: number;
  serverPort: number;
  /** Who signs people in; without it, tokens of the data directory do. */
  oidc?: OidcConfig;
  folders: Record<'artifacts' | 'trials' | 'journals' | 'reports' | 'outbox' | 'work' | 'logs', string>;
}

/** What a running `stepdown up` tells its clients, in `<home>/up.json`. */
export interface Running {
  pid: number;
  temporal: string;
  ui: string;
  gateway: string;
  /** The HTTP API. */
  server: string;
}

/** The only reader of the environment. Throws one error that names every bad variable. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const values = read(env);
  const home = resolve(values.STEPDOWN_HOME);
  const folder = (name: string) => join(home, name);
  return {
    root: ROOT,
    home,
    python: values.STEPDOWN_PYTHON,
    environments: resolve(values.STEPDOWN_ENVIRONMENTS),
    temporalCli: values.STEPDOWN_TEMPORAL_CLI,
    gatewayToken: values.STEPDOWN_GATEWAY_TOKEN,
    smtpUrl: values.STEPDOWN_SMTP_URL,
    mailFrom: values.STEPDOWN_MAIL_FROM,
    webhookUrl: values.STEPDOWN_WEBHOOK_URL,
    namespace: values.TEMPORAL_NAMESPACE,
    chromium: values.STEPDOWN_CHROMIUM ?? chromiumOn(values.PATH),
    specsFolder: resolve(values.STEPDOWN_SPECS),
    publicUrl: values.STEPDOWN_PUBLIC_URL,
    cachedWorkflows: values.STEPDOWN_CACHED_WORKFLOWS,
    serverPort: values.STEPDOWN_SERVER_PORT,
    oidc: oidcOf(values),
    folders: {
      artifacts: folder('artifacts'),
      trials: folder('trials'),
      journals: folder('journals'),
      reports: folder('reports'),
      outbox: folder('outbox'),
      work: folder('work'),
      logs: folder('logs'),
    },
  };
}

function oidcOf(values: z.output<typeof environment>): OidcConfig | undefined {
  const { STEPDOWN_OIDC_ISSUER: issuer, STEPDOWN_OIDC_CLIENT_ID: clientId } = values;
  if (!issuer) return undefined;
  const signIn = clientId
    ? {
        clientId,
        clientSecret: values.STEPDOWN_OIDC_CLIENT_SECRET,
        clientSecretFile: values.STEPDOWN_OIDC_CLIENT_SECRET_FILE,
        scopes: values.STEPDOWN_OIDC_SCOPES,
      }
    : undefined;
  return {
    issuer,
    name: values.STEPDOWN_OIDC_NAME ?? new URL(issuer).hostname,
    audience: values.STEPDOWN_OIDC_AUDIENCE,
    rolesClaim: values.STEPDOWN_OIDC_ROLES_CLAIM,
    groups: values.STEPDOWN_OIDC_GROUPS,
    signIn,
  };
}

/** Where Temporal and the gateway are: named by the environment, else what `stepdown up` wrote; else undefined. */
export function whereRunning(
  config: Config,
  env: NodeJS.ProcessEnv = process.env
): { temporal?: string; gateway?: string; ui?: string; server?: string } {
  const values = read(env);
  const path = join(config.home, 'up.json');
  const running = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Running) : undefined;
  return {
    temporal: values.TEMPORAL_ADDRESS ?? running?.temporal,
    gateway: values.STEPDOWN_GATEWAY ?? running?.gateway,
    ui: running?.ui,
    server: values.STEPDOWN_PUBLIC_URL ?? running?.server,
  };
}

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const chromiumOn = (path: string): string | undefined =>
  CHROMIUM_NAMES.flatMap((name) => path.split(delimiter).map((folder) => join(folder, name))).find((file) =>
    existsSync(file)
  );

function read(env: NodeJS.ProcessEnv): z.output<typeof environment> {
  const parsed = environment.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`the environment is not usable: ${problems.join('; ')}`);
}

/**
 * How to reach Temporal: Temporal's own environment variables and profiles (address, TLS, API key), else the running
 * `stepdown up`; undefined where there is neither.
 */
export function temporalConnection(config: Config): { options: ConnectionOptions; namespace: string } | undefined {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = connectionOptions.address ?? whereRunning(config).temporal;
  return address ? { options: { ...connectionOptions, address }, namespace: namespace ?? config.namespace } : undefined;
}

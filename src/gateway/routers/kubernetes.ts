import { readFile } from 'node:fs/promises';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { text } from 'node:stream/consumers';
import { jsonOf } from '../../domain/json.ts';
import { RouterRefused } from './router.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const ANSWER_TIMEOUT_MS = 10_000;
const CONFLICTS = 5;

export interface KubernetesAccess {
  apiServer?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
}

/** An object of the Kubernetes API, by group, version, namespace, plural and name. */
export interface ObjectPath {
  group: string;
  version: string;
  namespace: string;
  plural: string;
  name: string;
}

export interface KubernetesObject {
  metadata: { resourceVersion: string };
  // biome-ignore lint/suspicious/noExplicitAny: each router knows the shape of its own objects
  spec: any;
}

/** Reads and changes one object of the Kubernetes API. */
export function kubernetesObject(access: KubernetesAccess, path: ObjectPath) {
  const { group, version, namespace, plural, name } = path;
  const url = `/apis/${group}/${version}/namespaces/${namespace}/${plural}/${name}`;
  const call = async (method: 'GET' | 'PATCH', body?: unknown) => {
    const answer = await callApi(access, method, url, body);
    if (answer.status === 409) return undefined;
    if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text) as KubernetesObject;
    const said = `the Kubernetes API answered ${answer.status} to ${method} ${url}: ${messageOf(answer.text)}`;
    if (answer.status === 403)
      throw new RouterRefused(
        `${said}; grant the service account a role with apiGroups [${group}], resources [${plural}], verbs [get, patch] in namespace ${namespace}`
      );
    throw answer.status >= 500 || answer.status === 429 ? new Error(said) : new RouterRefused(said);
  };
  return {
    async read(): Promise<KubernetesObject> {
      return (await call('GET'))!;
    },
    /** Merges a patch that is made of the object as it is; made anew where somebody else changed it meanwhile. */
    async change(specOf: (object: KubernetesObject) => object): Promise<void> {
      for (let attempt = 0; attempt < CONFLICTS; attempt++) {
        const object = (await call('GET'))!;
        const { resourceVersion } = object.metadata;
        if (await call('PATCH', { metadata: { resourceVersion }, spec: specOf(object) })) return;
      }
      throw new Error(`${plural}/${name} was changed by others at each of ${CONFLICTS} attempts`);
    },
  };
}

async function callApi(access: KubernetesAccess, method: string, path: string, body?: unknown) {
  const { tokenFile = `${SERVICE_ACCOUNT}/token`, caFile, apiServer = apiServerOfPod() } = access;
  const token = (await readFile(tokenFile, 'utf8')).trim(); // anew each time: tokens are rotated
  const url = new URL(path, apiServer);
  const isTls = url.protocol === 'https:';
  const ca = isTls ? await readFile(caFile ?? `${SERVICE_ACCOUNT}/ca.crt`) : undefined;
  const content = body === undefined ? undefined : JSON.stringify(body);
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = (isTls ? https : http)(url, {
      method,
      ...(ca && { ca }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(content && {
          'content-type': 'application/merge-patch+json',
          'content-length': String(Buffer.byteLength(content)),
        }),
      },
    });
    const fail = (error: Error) =>
      reject(new Error(`the Kubernetes API at ${apiServer} does not answer: ${error.message}`));
    asked.on('error', fail);
    asked.on('response', (response) => {
      text(response).then((said) => resolve({ status: response.statusCode!, text: said }), fail);
    });
    asked.end(content);
  });
}

function apiServerOfPod(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  if (host) return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  throw new RouterRefused('router.apiServer is missing, and the gateway does not run in a pod of Kubernetes');
}

/** What a `Status` object says, or the text itself. */
function messageOf(text: string): string {
  return (jsonOf(text) as { message?: string } | null | undefined)?.message ?? text.slice(0, 300);
}

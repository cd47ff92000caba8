import { z } from 'zod';

const serviceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'must be the name of a Kubernetes object');
/** What HAProxy's command line would take for the end of a word or of a command has no place in a name. */
const word = (what: string) => z.string().regex(/^[^\s;#\\]+$/, `must be ${what}, without spaces`);

/** How to reach the Kubernetes API; what is left out is as in a pod with a service account. */
const kubernetes = {
  namespace: serviceName,
  apiServer: z.url({ protocol: /^https?$/, message: 'must be a URL such as https://10.0.0.1:6443' }).optional(),
  tokenFile: z.string().min(1).optional(),
  caFile: z.string().min(1).optional(),
};

const haproxy = z.strictObject({
  kind: z.literal('haproxy'),
  /** Of `stats socket ... level admin`. */
  socket: word('the path of the stats socket, or host:port'),
  /** The map's file as HAProxy's configuration names it. */
  map: word("the map's file as HAProxy's configuration names it"),
  key: word("the map's key"),
  /** The backend of the candidate; its servers but for the backup are in maintenance while the weight is 0. */
  backend: word("the candidate's backend"),
  /** `server-state-file` of the configuration. With it, that file and the map's are kept as HAProxy has them. */
  stateFile: z.string().min(1).optional(),
});

const kserve = z.strictObject({
  kind: z.literal('kserve'),
  ...kubernetes,
  service: serviceName,
  /** Name of the predictor under `spec.canary`; without it `spec.predictor.canaryTrafficPercent` is set. */
  canary: serviceName.optional(),
});

const gatewayApi = z.strictObject({
  kind: z.literal('gateway-api'),
  ...kubernetes,
  /** Name of the HTTPRoute. */
  route: serviceName,
  /** Names of the two services among its backendRefs. */
  twin: serviceName,
  candidate: serviceName,
});

/** A router in front of the arms that follows the gateway's weight. */
export const routerConfig = z.discriminatedUnion('kind', [haproxy, kserve, gatewayApi], {
  error: (issue) => (issue.code === 'invalid_union' ? "kind must be 'haproxy', 'kserve' or 'gateway-api'" : undefined),
});

const remoteArm = z.strictObject({
  url: z.url({
    protocol: /^https?$/,
    message: 'must be the URL of a server, such as http://10.0.0.7:8080, without /v2',
  }),
  model: z.string().min(1),
});

/** Arms that other servers run, by the Open Inference Protocol v2. */
export const remoteArms = z.strictObject({ twin: remoteArm.optional(), candidate: remoteArm.optional() });

export type RouterConfig = z.output<typeof routerConfig>;
export type HaproxyConfig = z.output<typeof haproxy>;
export type KserveConfig = z.output<typeof kserve>;
export type GatewayApiConfig = z.output<typeof gatewayApi>;

/** Returns why the router cannot be given a weight in basis points, or undefined. */
export function weightFault(router: RouterConfig, weight: number): string | undefined {
  if (router.kind !== 'kserve' || weight % 100 === 0) return undefined;
  return `KServe counts in whole percent and cannot be given ${weight / 100} %`;
}

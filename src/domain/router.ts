import { z } from 'zod';

const serviceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'must be the name of a Kubernetes object');
/** What HAProxy's command line would take for the end of a word or of a command has no place in a name. */
const word = (what: string) => z.string().regex(/^[^\s;#\\]+$/, `must be ${what}, without spaces`);

/** How to reach the Kubernetes API; what is left out is as in a pod with a service account. */
const kubernetes = {
  namespace: serviceName.meta({ description: 'of the object', examples: ['prod'] }),
  apiServer: z
    .url({ protocol: /^https?$/, message: 'must be a URL such as https://10.0.0.1:6443' })
    .optional()
    .meta({ description: 'of Kubernetes. Left out, as in a pod', examples: ['https://10.0.0.1:6443'] }),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'file with the token for it. Left out, the service account’s', examples: ['/run/token'] }),
  caFile: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'file with its certificate. Left out, the service account’s', examples: ['/run/ca.crt'] }),
};

const kind = <T extends string>(name: T) =>
  z.literal(name).meta({ description: 'what stands in front of the arms', examples: [name] });

const haproxy = z.strictObject({
  kind: kind('haproxy'),
  socket: word('the path of the stats socket, or host:port').meta({
    description: 'path of the stats socket, which needs level admin, or its host:port',
    examples: ['/run/haproxy/admin.sock'],
  }),
  map: word("the map's file as HAProxy's configuration names it").meta({
    description: 'file of the map, as HAProxy’s configuration names it',
    examples: ['/etc/haproxy/stepdown/weight.map'],
  }),
  key: word("the map's key").meta({ description: 'of the map', examples: ['topics'] }),
  backend: word("the candidate's backend").meta({
    description: 'of the candidate; its servers but for the backup are in maintenance while the weight is 0',
    examples: ['candidate'],
  }),
  stateFile: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        'server-state-file of the configuration; with it, that file and the map’s are kept as HAProxy has them',
      examples: ['/etc/haproxy/stepdown/servers.state'],
    }),
});

const kserve = z.strictObject({
  kind: kind('kserve'),
  ...kubernetes,
  service: serviceName.meta({ description: 'name of the InferenceService', examples: ['topics'] }),
  canary: serviceName.optional().meta({
    description: 'name of the predictor under spec.canary. Left out, spec.predictor.canaryTrafficPercent is set',
    examples: ['int8'],
  }),
});

const gatewayApi = z.strictObject({
  kind: kind('gateway-api'),
  ...kubernetes,
  route: serviceName.meta({ description: 'name of the HTTPRoute', examples: ['topics'] }),
  twin: serviceName.meta({ description: 'service among its backendRefs that runs FP32', examples: ['topics-fp32'] }),
  candidate: serviceName.meta({
    description: 'service among its backendRefs that runs the candidate',
    examples: ['topics-int8'],
  }),
});

/** A router in front of the arms that follows the gateway's weight. */
export const routerConfig = z.discriminatedUnion('kind', [haproxy, kserve, gatewayApi]);

const remoteArm = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, message: 'must be the URL of a server, such as http://10.0.0.7:8080, without /v2' })
    .meta({ description: 'of the server, without /v2', examples: ['http://10.0.0.7:8080'] }),
  model: z
    .string()
    .min(1)
    .meta({ description: 'its name there', examples: ['topics'] }),
});

/** Arms that other servers run, by the Open Inference Protocol v2. */
export const remoteArms = z.strictObject({
  twin: remoteArm.optional().describe('server of the model of today'),
  candidate: remoteArm.optional().describe('server of the candidate'),
});

export type RouterConfig = z.output<typeof routerConfig>;
export type HaproxyConfig = z.output<typeof haproxy>;
export type KserveConfig = z.output<typeof kserve>;
export type GatewayApiConfig = z.output<typeof gatewayApi>;

/** Returns why the router cannot be given a weight in basis points, or undefined. */
export function weightFault(router: RouterConfig, weight: number): string | undefined {
  if (router.kind !== 'kserve' || weight % 100 === 0) return undefined;
  return `KServe counts in whole percent and cannot be given ${weight / 100} %`;
}

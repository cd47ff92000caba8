import type { KserveConfig } from '../../domain/router.ts';
import { type KubernetesObject, kubernetesObject } from './kubernetes.ts';
import { type Router, RouterRefused } from './router.ts';

const BASIS_POINTS_PER_PERCENT = 100;

interface Canary {
  trafficPercent?: number;
  predictor?: { name?: string };
}

/** An InferenceService: the latest revision is the candidate, or in raw deployments one of `spec.canary`. */
export function kserve(config: KserveConfig): Router {
  const { namespace, service, canary } = config;
  const path = {
    group: 'serving.kserve.io',
    version: 'v1beta1',
    namespace,
    plural: 'inferenceservices',
    name: service,
  };
  const object = kubernetesObject(config, path);

  const canariesOf = ({ spec }: KubernetesObject): Canary[] => {
    const canaries: Canary[] = spec.canary ?? [];
    if (canaries.some(({ predictor }) => predictor?.name === canary)) return canaries;
    throw new RouterRefused(`InferenceService ${namespace}/${service} has no predictor '${canary}' under spec.canary`);
  };
  const percentOf = (read: KubernetesObject): number | undefined =>
    canary === undefined
      ? read.spec.predictor?.canaryTrafficPercent
      : canariesOf(read).find(({ predictor }) => predictor?.name === canary)!.trafficPercent;

  return {
    set(weight) {
      const percent = weight / BASIS_POINTS_PER_PERCENT;
      return object.change((read) =>
        canary === undefined
          ? { predictor: { canaryTrafficPercent: percent } }
          : {
              canary: canariesOf(read).map((one) =>
                one.predictor?.name === canary ? { ...one, trafficPercent: percent } : one
              ),
            }
      );
    },
    async differenceFrom(weight) {
      const percent = percentOf(await object.read());
      if (percent === weight / BASIS_POINTS_PER_PERCENT) return undefined;
      return `InferenceService ${namespace}/${service} has ${percent ?? 'no'} percent for the candidate, not ${weight / BASIS_POINTS_PER_PERCENT}`;
    },
  };
}

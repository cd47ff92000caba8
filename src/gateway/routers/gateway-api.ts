import { FULL_WEIGHT } from '../../domain/assignment.ts';
import type { GatewayApiConfig } from '../../domain/router.ts';
import { type KubernetesObject, kubernetesObject } from './kubernetes.ts';
import { type Router, RouterRefused } from './router.ts';

interface BackendRef {
  name: string;
  weight?: number;
}

interface Rule {
  backendRefs?: BackendRef[];
}

/** An HTTPRoute of the Gateway API: the weights of two services, in every rule that has both. */
export function gatewayApi(config: GatewayApiConfig): Router {
  const { namespace, route, twin, candidate } = config;
  const path = { group: 'gateway.networking.k8s.io', version: 'v1', namespace, plural: 'httproutes', name: route };
  const object = kubernetesObject(config, path);

  const isSplit = ({ backendRefs = [] }: Rule) =>
    [twin, candidate].every((service) => backendRefs.some(({ name }) => name === service));
  const splitRules = ({ spec }: KubernetesObject): Rule[] => {
    const rules: Rule[] = (spec.rules ?? []).filter(isSplit);
    if (rules.length > 0) return rules;
    throw new RouterRefused(
      `HTTPRoute ${namespace}/${route} has no rule with both backendRefs '${twin}' and '${candidate}'`
    );
  };
  const weightOf = ({ name }: BackendRef, weight: number) =>
    ({ [twin]: FULL_WEIGHT - weight, [candidate]: weight })[name];

  return {
    set(weight) {
      return object.change((read) => {
        const split = splitRules(read);
        const weighted = (ref: BackendRef) => ({ ...ref, weight: weightOf(ref, weight) ?? ref.weight });
        // A merge patch takes the place of a whole list.
        const rules = (read.spec.rules as Rule[]).map((rule) =>
          split.includes(rule) ? { ...rule, backendRefs: rule.backendRefs!.map(weighted) } : rule
        );
        return { rules };
      });
    },
    async differenceFrom(weight) {
      const refs = splitRules(await object.read()).flatMap(({ backendRefs }) => backendRefs!);
      const wrong = refs.find((ref) => (ref.weight ?? 1) !== (weightOf(ref, weight) ?? ref.weight ?? 1));
      return (
        wrong &&
        `HTTPRoute ${namespace}/${route} gives '${wrong.name}' the weight ${wrong.weight ?? 1}, not ${weightOf(wrong, weight)}`
      );
    },
  };
}

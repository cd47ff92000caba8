import type { RouteState } from '../../src/gateway/evidence.ts';
import type { Request } from './simulated-traffic.ts';

const WINDOW = 100;
const LEAST_ACCURACY = 0.88;
const Z_95 = 1.6449;
/** Of chi-square with one degree of freedom, at p < 0.001. */
const CHI_SQUARE = 10.828;
const LEAST_PER_ARM = 30;

/** Rules that others roll back by, looked at as often as the judge. */
export const RULES = ['naive z-test', "Argo's failureLimit 3", "Flagger's threshold 10"] as const;

/** What the rules say of one rollout so far. */
export class Rules {
  readonly fired = new Set<(typeof RULES)[number] | 'chi-square'>();
  #failed = 0;
  #window = { requests: 0, right: 0 };
  readonly #arms = { candidate: { n: 0, wrong: 0 }, twin: { n: 0, wrong: 0 } };

  see({ onCandidate, candidateWrong, twinWrong, exposure, weight }: Request, { counts }: RouteState): void {
    this.#threshold(candidateWrong);
    if (weight > 0) this.#zTest(onCandidate, onCandidate ? candidateWrong : twinWrong);
    if (!exposure) return;
    const { share, candidate, twin } = counts.strata![exposure.index]!;
    const units = candidate.units + twin.units;
    const off = (candidate.units - units * share) ** 2 / (units * share * (1 - share));
    if (units * share >= 5 && off > CHI_SQUARE) this.fired.add('chi-square');
  }

  #threshold(wrong: boolean): void {
    this.#window.requests++;
    if (!wrong) this.#window.right++;
    if (this.#window.requests < WINDOW) return;
    if (this.#window.right / WINDOW < LEAST_ACCURACY) this.#failed++;
    this.#window = { requests: 0, right: 0 };
    if (this.#failed > 3) this.fired.add("Argo's failureLimit 3");
    if (this.#failed >= 10) this.fired.add("Flagger's threshold 10");
  }

  #zTest(onCandidate: boolean, wrong: boolean): void {
    const { candidate, twin } = this.#arms;
    const arm = onCandidate ? candidate : twin;
    arm.n++;
    if (wrong) arm.wrong++;
    if (candidate.n < LEAST_PER_ARM || twin.n < LEAST_PER_ARM) return;
    const [p, q] = [candidate.wrong / candidate.n, twin.wrong / twin.n];
    const error = Math.sqrt((p * (1 - p)) / candidate.n + (q * (1 - q)) / twin.n);
    if (error > 0 && (p - q) / error > Z_95) this.fired.add('naive z-test');
  }
}

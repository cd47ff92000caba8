import { assignedToCandidate, FULL_WEIGHT } from '../../src/domain/assignment.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import type { Place } from '../../src/domain/strata.ts';
import type { JudgeConfig, RouteConfig } from '../../src/domain/traffic.ts';
import {
  beginStage,
  count,
  countTwinDrop,
  newRoute,
  outcomeOf,
  type RouteState,
  tripIfHarmful,
} from '../../src/gateway/evidence.ts';
import { countAnswer, countLabel, countTwinTime, type Exposure, expose } from '../../src/gateway/exposure.ts';

/** Shadow and the ramp, with the share of the requests that each stage sees. */
const RAMP: [weight: number, share: number][] = [
  [0, 0.1],
  [100, 0.15],
  [500, 0.15],
  [2_500, 0.2],
  [5_000, 0.2],
  [FULL_WEIGHT, 0.2],
];
const USERS = 3_000;
/** Of all requests; their labels come up to so many requests later. */
const [LABELLED, LATEST] = [0.3, 2_000];
const CLASSES = { right: 0, wrong: 1, otherWrong: 2 };

export interface Truth {
  /** Only the candidate wrong, only the twin wrong, both wrong in different ways. */
  plus: number;
  minus: number;
  both: number;
  /** Both wrong alike, at first and at last: the inputs drift for both arms. */
  wrong: [number, number];
  candidateFails: number;
  /** Time of the candidate over that of the twin. */
  slowdown: number;
}

/** The same requests as every rule sees them. */
export interface Request {
  weight: number;
  onCandidate: boolean;
  candidateWrong: boolean;
  twinWrong: boolean;
  exposure: Exposure | undefined;
}

export interface Rollout {
  requests: number;
  judge: JudgeConfig;
  truth: Truth;
  seed: number;
  /** Called after every request, before the judge looks. */
  see?: (request: Request, state: RouteState) => void;
}

/** Plays one rollout and has the gateway's judge look after every request; the reason why it tripped, if it did. */
export function playRollout({ requests, judge, truth, seed, see }: Rollout): string | undefined {
  const random = seededRandom(seed);
  const state = newRoute(
    { judge, labels: Object.keys(CLASSES), shadowSample: 1 } as unknown as RouteConfig,
    'simulated'
  );
  const buckets = Array.from({ length: USERS }, () => random.below(FULL_WEIGHT));
  const places = new Map<number, Place>();
  const late: (() => void)[][] = [];
  let reason: string | undefined;
  let [stage, until] = [-1, 0];
  for (let index = 0; index < requests; index++) {
    if (index >= until) {
      const [weight, share] = RAMP[++stage]!;
      beginStage(state, weight, `${weight}`);
      until += share * requests;
    }
    const user = random.below(USERS);
    const { weight } = state;
    const onCandidate = assignedToCandidate(buckets[user]!, weight);
    const { exposure, place } = expose(state, places.get(user), onCandidate);
    if (place) places.set(user, place);
    const progress = index / requests;
    const pair = answers(random, truth, progress);
    const failed = random.next() < truth.candidateFails;
    count(state, 'candidateRequests');
    if (failed) count(state, 'candidateErrors');
    const ms = 5 * Math.exp(0.4 * gaussian(random)) * (1 + 0.3 * progress) * (onCandidate ? truth.slowdown : 1);
    if (!onCandidate) countTwinTime(state, ms);
    if (exposure) countAnswer(state, exposure, ms);
    if (!failed) {
      count(state, 'pairs');
      if (pair.twin !== pair.candidate) {
        count(state, 'disagreements');
        countTwinDrop(state, drop(random, pair));
      }
    }
    if (random.next() < LABELLED) {
      const at = index + random.below(LATEST);
      late[at] ??= [];
      late[at].push(() => {
        if (!failed) count(state, outcomeOf(pair, CLASSES.right));
        const got = onCandidate && !failed ? pair.candidate : pair.twin;
        if (exposure) countLabel(state, exposure, got !== CLASSES.right, null);
      });
    }
    for (const arrive of late[index] ?? []) arrive();
    delete late[index];
    see?.(
      {
        weight,
        onCandidate,
        candidateWrong: pair.candidate !== CLASSES.right,
        twinWrong: pair.twin !== CLASSES.right,
        exposure,
      },
      state
    );
    if (reason === undefined && tripIfHarmful(state)) {
      reason = state.trip!.reason;
      if (!see) return reason;
      // The other rules see the traffic to its end.
      Object.assign(state, { trip: null, weight });
    }
  }
  return reason;
}

function answers(random: Random, { plus, minus, both, wrong }: Truth, progress: number) {
  const draw = random.next();
  const { right, wrong: bad, otherWrong } = CLASSES;
  if (draw < plus) return { twin: right, candidate: bad };
  if (draw < plus + minus) return { twin: bad, candidate: right };
  if (draw < plus + minus + both) return { twin: bad, candidate: otherWrong };
  const alike = wrong[0] + (wrong[1] - wrong[0]) * progress;
  const same = draw < plus + minus + both + alike ? bad : right;
  return { twin: same, candidate: same };
}

/** A calibrated twin is right by its own probability; where it lost to the candidate it was nearly undecided. */
function drop(random: Random, { twin }: { twin: number }): number {
  return (twin === CLASSES.right ? 0.1 : 0.05) * random.next();
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

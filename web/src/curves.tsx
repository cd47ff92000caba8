import { useEffect, useState } from 'react';
import type { EvidenceLine, RouteStatus } from '../../src/domain/traffic.ts';
import { count, decimal } from '../../src/report/format.ts';
import { TESTS } from '../../src/report/rollout.ts';

const KEPT = 600; // looks; a page that stays open overnight stays light
const WIDTH = 320;
const HEIGHT = 90;

export interface Look {
  pairs: number;
  lnE: Partial<Record<EvidenceLine['name'], number>>;
}

const NAMES = new Map(TESTS);

/** What the router said since this page was opened. */
export function useHistory(traffic: RouteStatus | null): Look[] {
  const [history, setHistory] = useState<Look[]>([]);
  useEffect(() => {
    if (!traffic) return;
    const lnE = Object.fromEntries(traffic.judgement.evidence.map(({ name, lnE }) => [name, lnE]));
    const { pairs } = traffic.counts;
    setHistory((before) => [...before.filter((look) => look.pairs < pairs), { pairs, lnE }].slice(-KEPT));
  }, [traffic]);
  return history;
}

/** Each test's evidence against its bound, over the pairs compared. */
export function Curves({ history, evidence }: { history: Look[]; evidence: EvidenceLine[] }) {
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Evidence</h2>
      <p>
        Natural logarithm of each test's e-value since this page was opened. An alarm that reaches its bound (dashed)
        rolls back; a proof that reaches it allows promotion.
      </p>
      <div className="curves">
        {evidence.map((line) => (
          <Curve key={line.name} line={line} history={history} />
        ))}
      </div>
    </section>
  );
}

function Curve({ line: { name, action, lnE, bound }, history }: { line: EvidenceLine; history: Look[] }) {
  const title = NAMES.get(name) ?? name;
  const isReached = lnE >= bound;
  const values = history.map((look) => look.lnE[name] ?? 0);
  const [low, high] = [Math.min(0, ...values), Math.max(bound * 1.15, ...values)];
  const [first, last] = [history[0]?.pairs ?? 0, history.at(-1)?.pairs ?? 1];
  const x = (pairs: number) => ((pairs - first) / Math.max(1, last - first)) * (WIDTH - 12) + 4;
  const y = (value: number) => HEIGHT - 6 - ((value - low) / (high - low)) * (HEIGHT - 12);
  const points = history.map((look, i) => `${x(look.pairs).toFixed(1)},${y(values[i]!).toFixed(1)}`).join(' ');
  const kind = !isReached ? '' : action === 'rollback' ? 'failed' : 'successful';
  const said = `${decimal(lnE, 2)} of ${decimal(bound, 2)}${isReached ? `, reached: ${action}` : ''}`;
  return (
    <figure className={kind}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${said}`}>
        <line className="axis" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
        <line className="margin" x1={0} x2={WIDTH} y1={y(bound)} y2={y(bound)} />
        <polyline className="curve" points={points} />
        {history.length > 0 && <circle className="curve-end" cx={x(last)} cy={y(values.at(-1)!)} r={3.5} />}
      </svg>
      <figcaption>
        <strong>{title}</strong> {said} after {count(last)} pairs
      </figcaption>
    </figure>
  );
}

import type { ClosingDocument } from '../../../src/domain/engagement.ts';
import type { RouteStatus } from '../../../src/domain/traffic.ts';
import { quantilesText } from '../../../src/domain/waiting.ts';
import { count, percent, weight } from '../../../src/report/format.ts';
import { rollout } from '../../../src/report/rollout.ts';
import type { Now } from '../../../src/server/view.ts';
import { Curves, useHistory } from '../curves.tsx';
import { OfEngagement } from '../of-engagement.tsx';
import { Chip, Heads, Shown } from '../parts.tsx';
import { Link } from '../route.tsx';
import { Steering } from '../steering.tsx';

export function RolloutPage({ name }: { name: string }) {
  return (
    <OfEngagement name={name} part="rollout">
      {({ document, now }) =>
        now.rollout ? (
          <Running document={document} now={now} />
        ) : document.rollout ? (
          <Shown html={rollout(document)} />
        ) : (
          <p className="absent">No rollout is running: the engagement is at {now.phase}.</p>
        )
      }
    </OfEngagement>
  );
}

function Running({ document, now }: { document: ClosingDocument; now: Now }) {
  const { traffic, gate } = now;
  const { stage, paused, look, stages } = now.rollout!;
  const served = traffic ? traffic.weight / 100 : undefined;
  const history = useHistory(traffic);
  const { floor, disagreements } = traffic?.counts ?? look?.counts ?? {};
  return (
    <>
      <section aria-live="polite" className="headline">
        <p>
          {traffic?.trip
            ? `Rolled back: ${traffic.trip.reason}`
            : `${stage === 0 ? 'Shadow stage' : `Stage of ${weight(stage)}`}${paused ? ', paused' : ''}${gate ? `, waiting at gate ${gate.gate}` : ''}`}
        </p>
        {look && !traffic?.trip && (
          <p className="why">
            {look.reason}
            {look.proven
              ? '. Harmlessness is proven.'
              : look.expectedMorePairs === null
                ? '. At the rates seen so far it will not be proven.'
                : `. About ${count(look.expectedMorePairs)} more pairs are expected until it is.`}
          </p>
        )}
        {gate && (
          <p>
            <Link href={`/engagements/${document.engagement}/gates/${gate.gate}`}>Decide at gate {gate.gate}</Link>
          </p>
        )}
      </section>
      <dl className="tiles">
        <div>
          <dt>On the candidate now</dt>
          <dd className="figure">{served === undefined ? 'not known' : `${served} %`}</dd>
          <dd>{traffic ? 'as the router answers' : 'the router does not answer'}</dd>
        </div>
        <div>
          <dt>Pairs compared</dt>
          <dd className="figure">{count(traffic?.counts.pairs ?? look?.counts.pairs)}</dd>
          <dd>{traffic && `${count(traffic.stageCounts.pairs)} in this stage`}</dd>
          {floor && (
            <dd>{`${count(disagreements)} differ; FP32 from itself: ${count(floor.disagreements)} of ${count(floor.pairs)}`}</dd>
          )}
        </div>
        <div>
          <dt>Expected until proven</dt>
          <dd className="figure">{look?.proven ? '0' : count(look?.expectedMorePairs)}</dd>
          <dd>more pairs</dd>
        </div>
      </dl>
      <Ladder planned={now.plannedStages} stage={stage} />
      <Steering engagement={document.engagement} now={now} />
      {traffic && <Arms traffic={traffic} />}
      {traffic && <Curves history={history} evidence={traffic.judgement.evidence} />}
      {stages.length > 0 && (
        <section aria-labelledby="stages">
          <h2 id="stages">Stages so far</h2>
          <ul>
            {stages.map((done) => (
              <li key={`${done.weight} ${done.startedAt}`}>
                {weight(done.weight)} <Chip verdict={done.verdict} /> {count(done.observations)} pairs. {done.reason}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** The planned weights, and where the ramp stands. */
function Ladder({ planned, stage }: { planned: number[]; stage: number }) {
  return (
    <ol className="ladder" aria-label="Stages">
      {[0, ...planned].map((each) => (
        <li
          key={each}
          className={each === stage ? 'now' : each < stage ? 'done' : 'ahead'}
          aria-current={each === stage ? 'step' : undefined}
        >
          {weight(each)}
        </li>
      ))}
    </ol>
  );
}

const ARMS = ['twin', 'candidate'] as const;

function Arms({ traffic }: { traffic: RouteStatus }) {
  const { arms, served, counts, shadowShed, times, labelCoverage } = traffic;
  const errors = { twin: undefined, candidate: counts.candidateErrors };
  const asked = { twin: served.twin, candidate: counts.candidateRequests };
  return (
    <section aria-labelledby="arms">
      <h2 id="arms">Arms</h2>
      <table className="stack">
        <caption>
          Since the route was opened. {count(served.replayed)} requests that the candidate failed were answered by the
          twin
          {shadowShed !== undefined && `; ${count(shadowShed)} comparisons were given up`}.
        </caption>
        <Heads
          titles={[
            'Arm',
            'State',
            'Answered clients',
            'Ran',
            'Failed',
            'Waited in this stage',
            'Units with a label',
            'Restarts',
          ]}
          words={['Arm', 'State']}
        />
        <tbody>
          {ARMS.map((arm) => (
            <tr key={arm}>
              <th scope="row">{arm === 'twin' ? 'FP32 twin' : 'candidate'}</th>
              <td data-label="State">{arms?.[arm].state ?? 'not known'}</td>
              <td data-label="Answered clients" className="n">
                {count(served[arm])}
              </td>
              <td data-label="Ran" className="n">
                {count(asked[arm])}
              </td>
              <td data-label="Failed" className="n">
                {errors[arm] === undefined
                  ? 'the yardstick'
                  : `${count(errors[arm])}${asked[arm] > 0 ? ` (${percent(errors[arm] / asked[arm])})` : ''}`}
              </td>
              <td data-label="Waited in this stage" className="n">
                {quantilesText(times, arm)}
              </td>
              <td data-label="Units with a label" className="n">
                {labelCoverage && `${count(labelCoverage[arm].labelled)} of ${count(labelCoverage[arm].of)}`}
              </td>
              <td data-label="Restarts" className="n">
                {count(arms?.[arm].restarts)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

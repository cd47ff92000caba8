import { lazy, Suspense, useState } from 'react';
import { describeActivity } from '../../../src/domain/activity-progress.ts';
import type { ClosingDocument } from '../../../src/domain/engagement.ts';
import { PACKAGES, type PackageName } from '../../../src/domain/packages.ts';
import type { VerifyResult } from '../../../src/evidence/verify.ts';
import { instant } from '../../../src/report/format.ts';
import type { Now } from '../../../src/server/view.ts';
import { Cancelling } from '../cancelling.tsx';
import { Journal } from '../journal.tsx';
import { useLoaded } from '../live.ts';
import { OfEngagement } from '../of-engagement.tsx';
import { Ago, Alert, Bounded, Chip } from '../parts.tsx';
import { Link } from '../route.tsx';
import { Support } from '../support.tsx';
import { Timeline } from '../timeline.tsx';

const Figures = lazy(() => import('../figures.tsx'));

export function EngagementPage({ name }: { name: string }) {
  return (
    <OfEngagement name={name}>
      {({ document, now }) => (
        <>
          <Standing document={document} now={now} />
          <Timeline document={document} now={now} />
          {now.support && <Support engagement={name} progress={now.support} />}
          <Bounded name="figures">
            <Suspense fallback={<p>Loading the figures…</p>}>
              <Figures document={document} />
            </Suspense>
          </Bounded>
          <Reports document={document} isClosed={now.phase === 'closed'} />
          <Journal name={name} version={document} />
          <Cancelling engagement={name} phase={now.phase} />
        </>
      )}
    </OfEngagement>
  );
}

/** The one thing to know first: who or what it waits for. */
function Standing({ document, now }: { document: ClosingDocument; now: Now }) {
  const { phase, gate, decided, rollout } = now;
  const { engagement, verdict, reason } = document;
  if (phase === 'closed')
    return (
      <section className={`headline ${verdict}`}>
        <Chip verdict={verdict} />
        <p>{reason}</p>
      </section>
    );
  if (gate)
    return (
      <section className={`headline ${gate.verdict}`}>
        <Chip verdict={gate.verdict} />
        <p>
          <Link href={`/engagements/${engagement}/gates/${gate.gate}`}>Gate {gate.gate}</Link> waits for{' '}
          {gate.approvers.map(({ name }) => name).join(' or ')} since <Ago at={gate.openedAt} />.
        </p>
        <p className="why">Due {instant(gate.dueAt)}.</p>
      </section>
    );
  return (
    <section className="headline" aria-live="polite">
      <p>
        At work on {phase}
        {decided && `: ${decided.outcome} by ${decided.by}, being recorded`}.
        {rollout && (
          <>
            {' '}
            <Link href={`/engagements/${engagement}/rollout`}>Watch the rollout</Link>.
          </>
        )}
      </p>
      <Activities now={now} />
    </section>
  );
}

function Activities({ now }: { now: Now }) {
  if (now.activities.length === 0) return null;
  return (
    <ul className="work">
      {now.activities.map((activity) => (
        <li key={activity.workflowId + activity.activity}>
          {describeActivity(activity)}{' '}
          {activity.total !== undefined && (
            <progress aria-label={activity.activity} value={activity.done} max={activity.total} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Reports({ document, isClosed }: { document: ClosingDocument; isClosed: boolean }) {
  const at = `/api/engagements/${document.engagement}`;
  return (
    <section aria-labelledby="reports">
      <h2 id="reports">Reports</h2>
      <ul>
        {isClosed ? (
          <li>
            <a href={`${at}/report`}>The closing report</a>
          </li>
        ) : (
          <li className="absent">The closing report is written when the engagement closes.</li>
        )}
        {document.support?.service && PACKAGES[document.package as PackageName].serviceLevel && (
          <li>
            <a href={`${at}/service-level`}>The service level report</a>
          </li>
        )}
        {document.guide && (
          <li>
            <a href={`${at}/deployment`}>The deployment guide</a>
          </li>
        )}
        <li>
          <a href={`${at}/document`}>All figures so far, as JSON</a>
        </li>
        {document.rollout && (
          <li>
            <Link href={`/engagements/${document.engagement}/rollout`}>The rollout, stage by stage</Link>
          </li>
        )}
      </ul>
      <Verification at={at} />
    </section>
  );
}

/** On demand: it reads every file and computes every verdict again. */
function Verification({ at }: { at: string }) {
  const [isAsked, setAsked] = useState(false);
  if (isAsked) return <Verified at={at} />;
  return (
    <button type="button" onClick={() => setAsked(true)}>
      Recompute chain, hashes and verdicts
    </button>
  );
}

function Verified({ at }: { at: string }) {
  const { value, trouble } = useLoaded<VerifyResult>(`${at}/verification`);
  if (trouble) return <Alert>Not verified: {trouble.message}</Alert>;
  if (!value) return <p role="status">Recomputing…</p>;
  const { entries, artifacts, verdicts, faults } = value;
  if (faults.length === 0)
    return (
      <p role="status">
        ✓ {entries} entries, {artifacts} files and {verdicts} verdicts were recomputed and hold.
      </p>
    );
  return (
    <div role="alert" className="alert">
      <p>✗ What was recomputed does not hold:</p>
      <ul>
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
    </div>
  );
}

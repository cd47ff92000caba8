import { describeFirst, type GateStatus, secondOf } from '../../../src/domain/decision.ts';
import type { ClosingDocument } from '../../../src/domain/engagement.ts';
import { instant } from '../../../src/report/format.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { DecisionForm } from '../decision-form.tsx';
import { OfEngagement } from '../of-engagement.tsx';
import { Ago, Chip, Shown } from '../parts.tsx';
import { Link } from '../route.tsx';
import { useMay, useSession, waitsForMe } from '../session.ts';

/** Evidence first, then what approving changes, then the decision. */
export function GatePage({ name, gateName }: { name: string; gateName: string }) {
  return (
    <OfEngagement name={name} part={`gate ${gateName}`}>
      {({ document, now: { gate } }) =>
        gate?.gate === gateName ? (
          <OpenGate gate={gate} document={document} />
        ) : (
          <ClosedGate document={document} gateName={gateName} openGate={gate} />
        )
      }
    </OfEngagement>
  );
}

/** The summary's last paragraph says what approving does. */
function split(summary: string): { evidence: string; effect: string } {
  const paragraphs = summary.trim().split('\n\n');
  const effect = paragraphs.at(-1)!;
  if (!/^(Approving|The candidate keeps|FP32 answers)/.test(effect)) return { evidence: summary, effect: '' };
  return { evidence: paragraphs.slice(0, -1).join('\n\n'), effect };
}

function OpenGate({ gate, document }: { gate: GateStatus; document: ClosingDocument }) {
  const session = useSession();
  const { evidence, effect } = split(gate.summary);
  const mayDecide = useMay('decide');
  return (
    <>
      <p>
        The measurements say <Chip verdict={gate.verdict} />. Open since <Ago at={gate.openedAt} />, due{' '}
        {instant(gate.dueAt)}.
      </p>
      <section aria-labelledby="evidence">
        <h2 id="evidence">Evidence</h2>
        <Shown className="evidence" html={renderMarkdown(evidence)} />
        <p>
          <a href={`/api/artifacts/${gate.evidenceSha256}`}>The evidence itself</a>{' '}
          <code>sha256 {gate.evidenceSha256}</code>
        </p>
      </section>
      <section aria-labelledby="effect">
        <h2 id="effect">What changes if it is approved</h2>
        <Shown html={renderMarkdown(effect || 'The next phase begins.')} />
        <p>
          Approvers: {gate.approvers.map(({ name, email }) => `${name} (${email})`).join(', ')}.
          {gate.needsTwo && ' Two of them must decide.'}
          {gate.first && ` ${describeFirst(gate.first)}.`}
        </p>
      </section>
      {waitsForMe(gate, session) ? (
        <DecisionForm gate={gate} document={document} />
      ) : (
        <p className="absent">
          {mayDecide
            ? `The decision is that of the approvers, and you are ${session.email}.`
            : 'Your roles let you read, not decide.'}
        </p>
      )}
    </>
  );
}

function ClosedGate({
  document,
  gateName,
  openGate,
}: {
  document: ClosingDocument;
  gateName: string;
  openGate: GateStatus | undefined;
}) {
  const decided = [
    ...document.phases.map(({ decision }) => decision),
    ...(document.rollout?.decisions ?? []),
    document.training?.decision,
  ].findLast((decision) => decision?.gate === gateName);
  const second = decided && secondOf(decided);
  return (
    <div role="status">
      {decided ? (
        <>
          <h2>Decided: {decided.outcome}</h2>
          <p>
            By {decided.by}
            {second && ` and ${second.by}`} on {instant(decided.at)}
            {decided.via && `, by ${decided.via}`}
            {decided.enteredBy && `, entered by ${decided.enteredBy}`}.
          </p>
          {decided.comment && <blockquote>{decided.comment}</blockquote>}
          {second?.comment && <blockquote>{second.comment}</blockquote>}
        </>
      ) : (
        <p>This gate is not open.</p>
      )}
      {openGate && (
        <p>
          Open now:{' '}
          <Link href={`/engagements/${document.engagement}/gates/${openGate.gate}`}>gate {openGate.gate}</Link>
        </p>
      )}
    </div>
  );
}

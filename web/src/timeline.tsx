import { secondOf } from '../../src/domain/decision.ts';
import { type ClosingDocument, PHASES, type Phase } from '../../src/domain/engagement.ts';
import { PACKAGES, type PackageName } from '../../src/domain/packages.ts';
import { instant } from '../../src/report/format.ts';
import type { Now } from '../../src/server/view.ts';
import { Chip } from './parts.tsx';
import { Link } from './route.tsx';

const WEEKS: Record<Phase, string> = {
  baseline: 'Week 1',
  ptq: 'Week 2',
  optimization: 'Week 3',
  rollout: 'Week 4',
  support: 'After',
};
const TITLES: Record<Phase, string> = {
  baseline: 'Baseline',
  ptq: 'Post-training quantization',
  optimization: 'Optimization',
  rollout: 'Rollout',
  support: 'Support',
};

/** The engagement as it was bought: four weeks with a gate at the end of each, and what became of them. */
export function Timeline({ document, now }: { document: ClosingDocument; now: Now }) {
  const { rollsOut } = PACKAGES[document.package as PackageName];
  const phases = PHASES.filter((phase) => rollsOut || (phase !== 'rollout' && phase !== 'support'));
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol className="timeline">
        {phases.map((phase) => (
          <Step key={phase} phase={phase} document={document} now={now} />
        ))}
      </ol>
    </section>
  );
}

function Step({ phase, document, now }: { phase: Phase; document: ClosingDocument; now: Now }) {
  const runs = document.phases.filter(({ name }) => name === phase);
  const last = runs.at(-1);
  const isNow = now.phase === phase;
  const state = isNow ? 'now' : last ? 'done' : 'ahead';
  const decision = last?.decision;
  const { gate } = now;
  return (
    <li className={`${state} ${last?.verdict ?? ''}`} aria-current={isNow ? 'step' : undefined}>
      <p className="week">{WEEKS[phase]}</p>
      <h3>{TITLES[phase]}</h3>
      {last && <Chip verdict={last.verdict} />}
      {runs.length > 1 && <p>run {runs.length}</p>}
      {decision && (
        <p>
          ◆ {decision.outcome} by {decision.by}
          {secondOf(decision) && ` and ${secondOf(decision)!.by}`}
          <small>
            {instant(decision.at)}
            {decision.comment && `: “${decision.comment}”`}
          </small>
        </p>
      )}
      {isNow && gate && (
        <p>
          ◆ <Link href={`/engagements/${document.engagement}/gates/${gate.gate}`}>decide at gate {gate.gate}</Link>
        </p>
      )}
      {state === 'now' && !gate && <p>under way</p>}
      {state === 'ahead' && <p className="absent">{now.phase === 'closed' ? 'not reached' : 'ahead'}</p>}
    </li>
  );
}

import { describe, expect, it } from 'vitest';
import { evidenceFiles } from '../../src/domain/closing-evidence.ts';
import type { EngagementState } from '../../src/domain/engagement.ts';
import { linkArtifacts } from '../../src/report/evidence.ts';
import { renderPhase } from '../../src/report/phase.ts';
import { closingDocument } from './closing-document.ts';
import { render, section, textOf } from './rendered.ts';

const HASH = 'cd'.repeat(32);
const path = `artifacts/${HASH.slice(0, 2)}/${HASH.slice(2)}.json`;
const evidence = [
  { id: 'verdict-ptq-1', what: 'Phase ptq: verdict', path, sha256: HASH },
  { id: 'journal', what: 'Journal', path: 'journals/newswire.jsonl', sha256: null },
];
const ref = (name: string) => ({ uri: `00/${name}.json`, sha256: name, bytes: 1 });

describe('evidence behind the figures', () => {
  it('is every file once, of a candidate that was judged again the last', () => {
    const candidate = (name: string) => ({
      id: 'int8',
      evidence: ref(name),
      trial: { predictions: { arrow: ref('p') } },
    });
    const state = {
      spec: { engagement: 'e' },
      phases: [{ name: 'ptq', attempt: 2, evidence: ref('phase') }],
      candidates: [candidate('first'), candidate('second')],
      loadTests: { baseline: { key: 'abc' } },
    } as unknown as EngagementState;
    expect(evidenceFiles(state).map((file) => [file.id, file.path])).toEqual([
      ['load-baseline', 'trials/abc.json'],
      ['verdict-ptq-2', 'artifacts/00/phase.json'],
      ['candidate-int8', 'artifacts/00/second.json'],
      ['predictions-int8', 'artifacts/00/p.json'],
      ['journal', 'journals/e.jsonl'],
    ]);
  });

  it('is listed, and cited where its figures stand', () => {
    const report = render({ evidence });
    expect(section(report, 'evidence')).toContain(`E1 Phase ptq: verdict ${path}`);
    expect(report).toContain('<span id="verdict-ptq-1">E1</span>');
    expect(section(report, 'decisions')).toContain('ptq [ E1 ]');
  });

  it('is linked to the API for readers elsewhere, and to nothing where there is none', () => {
    const report = render({ evidence });
    expect(report).toContain(`<a href="../${path}">`);
    const linked = linkArtifacts(report, 'https://s.example.org');
    expect(linked).toContain(`<a href="https://s.example.org/api/artifacts/${HASH}">`);
    expect(linked).not.toContain('href="../');
    expect(linkArtifacts(report, undefined)).not.toMatch(/href="[^#]/);
  });
});

describe('renderPhase', () => {
  it('has the phase’s requirements and figures, what was waived, and no other phase', () => {
    const { phases } = closingDocument();
    const checks = [{ name: 'calibration', verdict: 'failed' as const, reason: '400 rows of 1,000' }];
    const document = closingDocument({
      evidence,
      phases: phases.map((phase) => (phase.name === 'ptq' ? { ...phase, checks } : phase)),
      waivers: [{ gate: 'ptq', by: 'ana@example.com', comment: 'the desk accepts it' }],
    });
    const page = renderPhase(document, 'ptq');
    expect(textOf(page)).toContain('calibration ✗ failed 400 rows of 1,000');
    expect(textOf(page)).toContain('One requirement was waived');
    expect(page).toContain('<meta name="description" content="⚠ 1 requirement was waived">');
    expect(page).toContain('id="candidates"');
    expect(page).not.toContain('id="rollout"');
    expect(textOf(renderPhase(document, 'support'))).toContain('Phase support has no verdict so far');
  });

  it('does not say of a running engagement that it has ended', () => {
    const { phases } = closingDocument();
    const open = { ...phases[0]!, decision: null };
    const running = textOf(renderPhase(closingDocument({ soFar: true, phases: [open] }), 'baseline'));
    expect(running).toContain('none so far');
    expect(running).toContain('no verdict so far');
    expect(running).not.toMatch(/ended/);
  });
});

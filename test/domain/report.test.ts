import { describe, expect, it } from 'vitest';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { ticks } from '../../src/report/candidate-chart.ts';
import { bytes, decimal, percent, span, trimmed } from '../../src/report/format.ts';
import { html } from '../../src/report/html.ts';
import { renderReport } from '../../src/report/report.ts';
import { candidateLine, closingDocument } from './closing-document.ts';
import { render, section, textOf } from './rendered.ts';

const rejectedAtPtq = (): Partial<ClosingDocument> => {
  const { phases, candidates, baseline } = closingDocument();
  const ptq = phases[1]!;
  return {
    verdict: 'failed',
    reason: 'rejected at ptq',
    phases: [phases[0]!, { ...ptq, decision: { ...ptq.decision!, outcome: 'rejected', comment: 'too slow' } }],
    candidates,
    holdout: null,
    baseline: { ...baseline!, role: 'selection' },
    optimized: null,
    chosen: null,
    rollout: null,
  };
};

describe('renderReport', () => {
  it('asks nothing of any network', () => {
    const report = render();
    expect(report).not.toMatch(/https?:|<script|<link|<img|@import|url\(/i);
    expect(report).toContain(`default-src 'none'`);
  });

  it('begins with the outcome and its measured figures', () => {
    expect(textOf(render())).toContain(
      'INT8 dynamic (int8-dynamic) is 0.26× the size of FP32, runs at 2.31× its speed (95 % interval 2.24 to 2.38), ' +
        'loses 0.06 points of accuracy on the hold-out data (upper bound of the drop 0.47, margin 1.5) and serves 100 % of the traffic.'
    );
  });

  it.each([
    ['Size', '90.4 MB 23.2 MB 74.4 % smaller'],
    ['Accuracy', '95.06 % 95.00 % 0.06 points lower'],
    ['Macro F1', '81.45 % 81.78 % 0.33 points higher'],
    ['Latency p95', '19.80 ms 8.61 ms 56.5 % faster'],
    ['Throughput', '84.2 /s 193.7 /s 130.0 % higher'],
    ['Peak memory', '143.0 MB 61.0 MB 57.3 % less'],
  ])('compares %s before and after', (name, row) => {
    expect(section(render(), 'comparison')).toContain(`${name} ${row}`);
  });

  it('says that equal figures are unchanged, and which change is for the worse', () => {
    const { baseline } = closingDocument();
    const report = render({ optimized: { ...baseline!, throughputPerSecond: 42.1 } });
    expect(section(report, 'comparison')).toContain('Size 90.4 MB 90.4 MB unchanged');
    expect(report).toContain('<span class="worse">50.0 % lower</span>');
  });

  it('shows every candidate with its verdict and reason', () => {
    const document = closingDocument();
    const text = section(renderReport(document), 'candidates');
    for (const { id, verdict, reason } of [...document.candidates, document.holdout!]) {
      expect(text).toContain(id);
      expect(text).toContain(`${verdict} ${reason}`);
    }
  });

  it('folds a long chain of reasons without losing any', () => {
    const [first] = closingDocument().candidates;
    const text = textOf(render({ candidates: [{ ...first!, reason: 'a; b; c; d' }] }));
    expect(text).toContain('failed a; b and 2 more c; d');
  });

  it('keeps a candidate without measurements, off the chart and by name', () => {
    const unmeasured = candidateLine({
      id: 'int4-weight',
      verdict: 'error',
      reason: 'onnxruntime exited 1: out of memory',
      sizeRatio: null,
      sizeBytes: null,
      accuracy: null,
      accuracyDrop: null,
      accuracyDropUpper: null,
      macroF1: null,
      speedup: null,
      speedupInterval: null,
      noiseInterval: null,
      integerCoverage: null,
      flips: null,
    });
    const text = section(
      render({ candidates: [...closingDocument().candidates.slice(0, 2), unmeasured] }),
      'candidates'
    );
    expect(text).toContain('! error onnxruntime exited 1: out of memory not measured');
    expect(text).toContain('Not shown, because not measured: int4-weight.');
  });

  it('draws the margin and marks each candidate once', () => {
    const report = render();
    const wide = report.slice(report.indexOf('<svg viewBox="0 0 1000'), report.indexOf('</svg>'));
    expect(wide).toContain('margin 1.5 points');
    expect(wide.match(/>int8-dynamic</g)).toHaveLength(1);
    expect(wide.match(/class="ring"/g)).toHaveLength(1);
    expect(report).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows the chosen candidate slice by slice', () => {
    expect(section(render(), 'candidates')).toContain('length=long 31 83.87 % 80.65 % 3.22 11.02 ? inconclusive');
  });

  it('names who decided, when, how and why', () => {
    expect(section(render(rejectedAtPtq()), 'decisions')).toContain(
      'rejected ana@example.com 24 Nov 2026, 09:12:30 UTC too slow'
    );
  });

  it.each([
    [
      'with what the second said',
      { second: { by: 'ben@example.com', comment: 'for a month', at: '2026-11-25T08:00:00.000Z' } },
      'and ben@example.com 25 Nov 2026, 08:00:00 UTC too slow ben@example.com: for a month',
    ],
    ['of older decisions, which say who it was', { secondBy: 'ben@example.com' }, 'and ben@example.com too slow'],
  ])('names both people, %s', (_, second, text) => {
    const [baseline, ptq] = rejectedAtPtq().phases!;
    const phases = [baseline!, { ...ptq!, decision: { ...ptq!.decision!, ...second } }];
    expect(section(render({ ...rejectedAtPtq(), phases }), 'decisions')).toContain(
      `rejected ana@example.com 24 Nov 2026, 09:12:30 UTC ${text}`
    );
  });

  it('puts waivers before every figure', () => {
    const report = render({ waivers: [{ gate: 'baseline', by: 'ana@example.com', comment: 'few rows' }] });
    const at = report.indexOf('One requirement was waived');
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(report.indexOf('class="tiles"'));
    expect(textOf(report)).toContain('Gate baseline, waived by ana@example.com: “few rows”');
    expect(textOf(render())).not.toContain('waived');
    const second = { by: 'ben@example.com', comment: 'for a month' };
    const agreed = render({ waivers: [{ gate: 'baseline', by: 'ana@example.com', comment: 'few rows', second }] });
    expect(textOf(agreed)).toContain('“few rows”, and by ben@example.com: “for a month”');
  });

  it('shows each stage with its evidence against the bounds and the holds used', () => {
    const text = section(render(), 'rollout');
    expect(text).toContain('A stage held for at least 2 s and at most 1 min 30 s, as set in the specification.');
    expect(text).toContain('25 % ✓ successful agreement proven within the budget after 831 pairs 831 208 831 3');
    expect(text).toContain('4.20 of 3.69 reached: promote');
    expect(text).toContain('−3.20 of 4.09 not reached');
  });

  it('falls back to the selection data where the hold-out was not reached, and says so', () => {
    const text = textOf(render({ holdout: null }));
    expect(text).toContain('loses 0.10 points of accuracy on the selection data (upper bound of the drop 0.58');
  });

  it('says why each missing part is missing', () => {
    const report = render(rejectedAtPtq());
    const why = 'not reached: the engagement was rejected at ptq';
    expect(textOf(report)).toContain('No candidate was chosen; minilm-newswire stays in FP32.');
    expect(section(report, 'comparison')).toContain(`No optimized model is compared: ${why}`);
    expect(section(report, 'decisions')).toContain(`rollout ${why}`);
    expect(section(report, 'rollout')).toContain(`No traffic was moved: ${why}`);
  });

  it.each([
    ['express', 'not part of the express package, which ends before the rollout'],
    ['professional', 'not reached: the engagement ended after optimization (done)'],
  ])('says what a missing rollout means in the %s package', (name, why) => {
    const phases = closingDocument().phases.slice(0, 3);
    expect(section(render({ package: name, phases, rollout: null, reason: 'done' }), 'rollout')).toContain(why);
  });

  it('stands when the engagement ended before anything was measured', () => {
    const empty = {
      phases: [],
      candidates: [],
      baseline: null,
      optimized: null,
      chosen: null,
      rollout: null,
      host: null,
    };
    const report = render({
      ...empty,
      verdict: 'error',
      reason: 'the model is not ONNX',
      quality: undefined,
      holds: undefined,
    });
    expect(section(report, 'comparison')).toContain(
      'FP32 was not measured: not reached: the engagement ended before its first phase did (the model is not ONNX)'
    );
    expect(report).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('does not claim release after a rollback', () => {
    const { rollout } = closingDocument();
    const text = textOf(render({ verdict: 'failed', rollout: { ...rollout!, verdict: 'failed', finalWeight: 0 } }));
    expect(text).toContain("It is not released: the router's last answer was 0 % of the traffic.");
    expect(text).not.toContain('serves 0 %');
  });

  it('says how to verify', () => {
    expect(section(render(), 'verification')).toContain('npx stepdown verify newswire');
  });

  it('escapes whatever people and tools wrote', () => {
    const evil = `<script>alert("x")</script>'&`;
    const document = closingDocument();
    const phase = document.phases[0]!;
    const report = renderReport({
      ...document,
      client: evil,
      modelName: evil,
      reason: evil,
      phases: [{ ...phase, reason: evil, decision: { ...phase.decision!, comment: evil, by: evil } }],
      candidates: [
        candidateLine({ id: evil, reason: evil, checks: [{ name: evil, verdict: 'failed', reason: evil }] }),
      ],
      chosen: evil,
      waivers: [{ gate: evil, by: evil, comment: evil }],
      rollout: { ...document.rollout!, reason: evil, stages: [{ ...document.rollout!.stages[0]!, reason: evil }] },
      host: { ...document.host!, cpuModel: evil },
      journal: evil,
    });
    expect(report).not.toContain('<script');
    expect(report).not.toContain('alert("x")');
    expect(report).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;');
  });

  it('gives every table a caption and every row a header', () => {
    const report = render();
    const count = (pattern: RegExp) => report.match(pattern)?.length ?? 0;
    expect(count(/<table/g)).toBe(count(/<caption>/g));
    expect(count(/<tr/g)).toBe(count(/<tr[^>]*><th scope=/g));
  });
});

describe('formats', () => {
  it.each([
    [decimal(-0.004, 2), '0.00'],
    [decimal(-1.5, 1), '−1.5'],
    [decimal(1234.5, 1), '1,234.5'],
    [decimal(Number.NaN, 1), 'not measured'],
    [percent(null), 'not measured'],
    [bytes(25_276_000_000), '25.28 GB'],
    [trimmed(100), '100'],
    [trimmed(0.25), '0.25'],
    [span(350), '350 ms'],
    [span(90_000), '1 min 30 s'],
    [span(2 * 86_400_000 + 3_600_000), '2 days 1 h'],
  ])('%s is %s', (shown, expected) => {
    expect(shown).toBe(expected);
  });

  it('escapes values and keeps markup', () => {
    expect(html`<p title="${'"'}">${'<'}${html`<b>${[1, '&']}</b>`}${null}${false}</p>`.text).toBe(
      '<p title="&quot;">&lt;<b>1&amp;</b></p>'
    );
  });

  it('puts ticks on round values', () => {
    expect(ticks(-0.2, 2, 5)).toEqual([0, 0.5, 1, 1.5, 2]);
  });
});

describe('the sensitive layers', () => {
  const group = (name: string, error: number, isKept: boolean) => ({ name, nodes: [name], error, isKept });
  const evaluation = { rows: 120, of: 400, lost: 3, won: 1, verdict: 'worse' as const, holds: false };
  const sensitivity = {
    candidate: 'int8-static',
    groups: [group('every <Softmax>', 0.4, true), group('/head', 1e-4, false), group('/dead', 0, false)],
    evaluations: [
      { ...evaluation, kept: [] },
      { ...evaluation, kept: ['every <Softmax>'], holds: true },
    ],
    isExact: true,
  };

  it('are named, drawn and explained', () => {
    const shown = section(render({ sensitivity }), 'sensitivity');
    expect(shown).toContain('int8-static holds the margin when every &lt;Softmax&gt; of 3 groups stays in FP32');
    expect(shown).toContain('(2 evaluations; without any one of them it does not)');
    expect(render({ sensitivity })).toContain('every &lt;Softmax&gt;: 4.0e-1, kept; /head: 1.0e-4; /dead: 0.0e+0');
    expect(shown).toContain('answered 240 of 800 rows');
    expect(shown).not.toContain('NaN');
    expect(render()).not.toContain('id="sensitivity"');
  });

  it('are said to be many when nothing less than FP32 was found to hold', () => {
    const groups = sensitivity.groups.map((found) => ({ ...found, isKept: true }));
    const shown = section(render({ sensitivity: { ...sensitivity, groups, isExact: false } }), 'sensitivity');
    expect(shown).toContain('no part of it was found that holds the margin in 2 evaluations');
  });
});

describe('quantization-aware training', () => {
  const estimate = {
    trainRows: 1500,
    steps: 300,
    timedSteps: 5,
    secondsPerStep: 0.2,
    secondsPerEvaluation: 1,
    expectedSeconds: 75.6,
  };
  const decision = { gate: 'qat', by: 'ana@example.org', comment: 'too <dear>', at: '2026-01-01T00:00:00.000Z' };
  const approved = { ...decision, outcome: 'approved' as const, evidenceSha256: 'e' };
  const point = (step: number, accuracy: number) => ({ step, accuracy, loss: 0.15 });
  const record = {
    key: 'k',
    model: { uri: 'm', sha256: 'm', bytes: 1 },
    trainRows: 1500,
    steps: 300,
    bestStep: 270,
    stoppedEarly: false,
    curve: [point(0, 0.9653), point(270, 0.978), point(300, 0.9773)],
    durationMs: 60_000,
  };

  it('is shown with what was proposed, who approved, its curve and its cost', () => {
    const training = { from: 'int8-static', estimate, decision: approved, record };
    const shown = section(render({ training }), 'training');
    expect(shown).toContain('96.53 % before, 97.80 % after 270 of 300 steps');
    expect(shown).toContain('300 steps on the 1500 train rows, 0.20 s each as 5 timed steps took');
    expect(shown).toContain('It took 1 min');
    const told = render({ training }).split('id="decisions"')[1]!;
    const rows = [...told.matchAll(/<th scope="row">(\w+)/g)].map(([, name]) => name);
    expect(rows.slice(0, 4)).toEqual(['baseline', 'ptq', 'qat', 'optimization']);
    expect(render()).not.toContain('id="training"');
  });

  it('says why there was none', () => {
    const rejected = { ...approved, outcome: 'rejected' as const };
    expect(section(render({ training: { from: 'int8-static', estimate, decision: rejected } }), 'training')).toContain(
      'not approved (rejected by ana@example.org: too &lt;dear&gt;)'
    );
    expect(section(render({ training: { from: 'int8-static', problem: 'has <Loop>' } }), 'training')).toContain(
      'was not possible: has &lt;Loop&gt;'
    );
  });
});

describe('what the chosen candidate got wrong', () => {
  const line = closingDocument().holdout ?? closingDocument().candidates.find(({ id }) => id === 'int8-dynamic')!;
  const regressions = [{ id: 'row-7', label: 'grain', candidate: 'earn', baselineMargin: 6.25 }];
  const hardExamples = [{ ...line.slices[0]!, name: 'margin=lowest' }];

  it('is listed row by row, beside the hard examples', () => {
    const shown = section(render({ holdout: { ...line, regressions, hardExamples, mcnemarP: 0.0625 } }), 'candidates');
    expect(shown).toContain('row-7');
    expect(shown).toContain('p = 0.063 (exact McNemar)');
    expect(shown).toContain('margin=lowest');
  });

  it('is said to be nothing where no row was lost', () => {
    const shown = section(render({ holdout: { ...line, regressions: [], hardExamples, mcnemarP: 1 } }), 'candidates');
    expect(shown).toContain('No row that FP32 answered rightly is answered wrongly');
  });
});

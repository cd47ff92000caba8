import { describe, expect, it } from 'vitest';
import type { SupportResult } from '../../src/domain/support.ts';
import { closingDocument, supportWindow } from './closing-document.ts';
import { render, section, textOf } from './rendered.ts';

const said = (over: Partial<SupportResult>) => section(render({ support: supportWindow(over) }), 'support');

describe('support window of the closing report', () => {
  it('names the engagement that drift of production proposed, and that nothing was started', () => {
    const proposal = {
      engagement: 'newswire-2',
      day: 14,
      at: '2026-12-08T09:30:00.000Z',
      reason: 'classes answered by FP32, against the production rows given: PSI 0.310 of 0.2 (400 and 900 rows)',
      drift: { what: 'classes', jensenShannon: 0.04, psi: 0.31, n: [400, 900] as [number, number] },
      specification: '/srv/stepdown/proposals/newswire-2.yaml',
    };
    const text = said({ proposal });
    expect(text).toContain('on day 14');
    expect(text).toContain(
      `newswire-2 was proposed (${proposal.reason}); its specification is ${proposal.specification}.`
    );
    expect(text).toContain('Nothing was started');
  });

  it('says of age that it is what asks for it, and nothing of drift', () => {
    const reason = 'measured on 2026-09-01, 90 days before; package enterprise asks for new measurements after 90';
    const at = '2026-12-08T09:30:00.000Z';
    const text = said({ proposal: { engagement: 'newswire-r2', day: 84, at, reason, specification: 'r2.yaml' } });
    expect(text).toContain('What this one was measured on has grown old, so on day 84');
    expect(text).toContain(reason);
    expect(text).not.toMatch(/drifted/);
  });

  it('says nothing of proposals where none was made', () => {
    expect(said({ proposal: undefined })).not.toContain('is proposed');
  });

  it('has how long clients waited, each detector, drift and incident, and how it came down', () => {
    const text = said({});
    expect(text).toContain('Clients waited, since the window began: FP32 p50 5.10, p95 9.80, p99 14.60 ms');
    expect(text).toContain('Detector: labelled worse');
    expect(text).toContain('108 %');
    expect(text).toContain('PSI 0.310 0.040 bits; 6,048 and 900 rows');
    expect(text).toContain('the feed was down for maintenance ken@newswire.example');
    expect(text).toContain('Taken out: 0.004 s from proof or order to 0 %, read back after 0.746 s');
  });

  it('begins with what the router answers now, not with what the rollout ended at', () => {
    const report = textOf(render({ support: supportWindow(), verdict: 'failed' }));
    expect(report).toContain("It was released and taken out again: the router's last answer was 0 % of the traffic.");
  });

  it('puts its phase behind the gates of the rollout', () => {
    const phases = [
      ...closingDocument().phases,
      { name: 'support' as const, attempt: 1, verdict: 'failed' as const, reason: 'harm', decision: null },
    ];
    const text = section(render({ support: supportWindow(), phases }), 'decisions');
    expect(text.indexOf('stage gate')).toBeLessThan(text.indexOf('support ✗ failed'));
  });
});

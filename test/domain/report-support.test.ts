import { describe, expect, it } from 'vitest';
import type { SupportResult } from '../../src/domain/support.ts';
import { render, section } from './rendered.ts';

const support: SupportResult = {
  verdict: 'successful',
  reason: '30 days without an alarm',
  days: 30,
  daysPlanned: 30,
  dayMs: 86_400_000,
  looks: 60,
  sample: 0.01,
  weeks: [],
  incidents: [],
  startedAt: '2026-11-24T09:30:00.000Z',
  endedAt: '2026-12-24T09:30:00.000Z',
  finalWeight: 99,
};
const said = (over: Partial<SupportResult>) => section(render({ support: { ...support, ...over } }), 'support');

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
    expect(text).toContain(`newswire-2 was proposed; its specification is ${proposal.specification}.`);
    expect(text).toContain(proposal.reason);
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
    expect(said({})).not.toContain('proposed');
  });
});

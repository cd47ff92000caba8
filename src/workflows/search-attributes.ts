import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { SourceFiles } from '../domain/engagement.ts';
import type { EngagementMemo, GateMemo } from '../domain/listed.ts';
import type { Spec } from '../domain/spec.ts';

const PHASE = defineSearchAttributeKey('Phase', 'KEYWORD');
const AWAITING_GATE = defineSearchAttributeKey('AwaitingGate', 'KEYWORD');
const VERDICT = defineSearchAttributeKey('Verdict', 'KEYWORD');
const DUE_AT = defineSearchAttributeKey('DueAt', 'DATETIME');
const CHANGED_AT = defineSearchAttributeKey('ChangedAt', 'DATETIME');

const keyword = (name: string, value: string) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value });

/** What an engagement is found by from its first moment on. */
export const kickOffAttributes = ({ engagement, client, model, package: bought }: Spec, portfolio?: string) => [
  keyword('Engagement', engagement),
  keyword('Client', client.name),
  keyword('ModelName', model.name),
  keyword('Package', bought),
  keyword('Phase', 'baseline'),
  ...(portfolio === undefined ? [] : [keyword('Portfolio', portfolio)]),
];

/** The same of a portfolio. */
export const portfolioAttributes = (name: string, client: string | undefined) => [
  keyword('Portfolio', name),
  ...(client === undefined ? [] : [keyword('Client', client)]),
];

/** What lists show of it from then on. */
export const kickOffMemo = ({ economics }: SourceFiles): { saving: EngagementMemo['saving'] } => ({
  saving: economics ? 'not measured yet' : 'no prices given',
});

/** Makes a workflow findable by where it stands, and by when that changed; null takes an attribute away. */
export function show(where: {
  phase?: string;
  awaitingGate?: string | null;
  verdict?: string;
  dueAt?: Date | null;
}): void {
  const { phase, awaitingGate, verdict, dueAt } = where;
  upsertSearchAttributes([
    ...(phase === undefined ? [] : [{ key: PHASE, value: phase }]),
    ...(awaitingGate === undefined ? [] : [{ key: AWAITING_GATE, value: awaitingGate }]),
    ...(verdict === undefined ? [] : [{ key: VERDICT, value: verdict }]),
    ...(dueAt === undefined ? [] : [{ key: DUE_AT, value: dueAt }]),
    { key: CHANGED_AT, value: new Date() },
  ]);
}

/** What lists show beside, without asking the workflow; `show` says that it changed. */
export function remember(what: EngagementMemo | GateMemo): void {
  upsertMemo({ ...what });
}

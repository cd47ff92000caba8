import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

const PHASE = defineSearchAttributeKey('Phase', 'KEYWORD');
const AWAITING_GATE = defineSearchAttributeKey('AwaitingGate', 'KEYWORD');
const VERDICT = defineSearchAttributeKey('Verdict', 'KEYWORD');
const DUE_AT = defineSearchAttributeKey('DueAt', 'DATETIME');

/** Makes a workflow findable by where it stands; null takes an attribute away. */
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
  ]);
}

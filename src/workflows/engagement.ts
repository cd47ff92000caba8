import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { cancelledIn } from '../domain/cancellation.ts';
import type { Decision } from '../domain/decision.ts';
import {
  type ClosingDocument,
  type EngagementInput,
  type EngagementState,
  PHASES,
  type Phase,
  type PhaseRecord,
} from '../domain/engagement.ts';
import { lastWords } from '../domain/errors.ts';
import { phaseGate } from '../domain/ids.ts';
import { PACKAGES } from '../domain/packages.ts';
import type { Spec } from '../domain/spec.ts';
import { plannedLooks } from '../domain/support.ts';
import { combine, reasonOf, type Verdict } from '../domain/verdict.ts';
import { records } from './activities.ts';
import { cancellable, recordCancellation } from './cancellation.ts';
import { withOnnxModel } from './export.ts';
import { decideAt } from './gate.ts';
import { engagementQuery, knockSignal } from './messages.ts';
import { PHASE_WORK } from './phases.ts';
import { remember, show } from './search-attributes.ts';
import { tell } from './tell.ts';
import { tellPortfolio } from './tell-portfolio.ts';
import { trainable } from './training.ts';
import { writeGuide } from './write-guide.ts';

export interface EngagementArguments extends EngagementInput {
  /** Where an earlier run of the same engagement stood. */
  resume?: EngagementState;
  /** Continue as new at a phase boundary once the history has this many events; the server's advice by default. */
  historyLimit?: number;
}

/** One model of one client, from kick-off to the closing report. */
export async function engagement(kickedOff: EngagementArguments): Promise<ClosingDocument> {
  let input = kickedOff;
  const state = input.resume ?? begin(input);
  setHandler(engagementQuery, () => state);
  setHandler(knockSignal, () => {});
  cancellable(state);
  try {
    if (!input.resume) {
      await recordKickOff(input);
      input = await withOnnxModel(input);
    }
    for (const phase of phasesOf(state)) {
      if (isBehind(state, phase)) continue;
      if (!(await carryThrough(input, state, phase))) break;
      if (phase === 'optimization') await writeGuide(input, state);
      await continueWhenLong(input, state);
    }
    return await close(input, state, outcomeOf(state));
  } catch (error) {
    const isFault =
      (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && !isCancellation(error);
    // a fault while a person cancels is no other end than the cancellation
    if (isFault && !state.cancelled)
      return close(input, state, { verdict: 'error', reason: `${state.phase}: ${lastWords(error)}` });
    if (!isFault && !isCancellation(error)) throw error;
    const document = await CancellationScope.nonCancellable(() => closeCancelled(input, state));
    if (state.cancelled) return document;
    throw error;
  }
}

async function closeCancelled(input: EngagementInput, state: EngagementState): Promise<ClosingDocument> {
  if (state.cancelled) await recordCancellation(state);
  return close(input, state, { verdict: 'inconclusive', reason: cancelledIn(state.phase, state.cancelled) });
}

function begin(input: EngagementInput): EngagementState {
  return { spec: input.spec, phase: 'baseline', candidates: [], phases: [], released: [], customRecipes: [] };
}

function phasesOf(state: EngagementState): Phase[] {
  const { rollsOut } = PACKAGES[state.spec.package];
  return PHASES.filter(
    (phase) => (phase !== 'rollout' || rollsOut) && (phase !== 'support' || (rollsOut && isSupported(state.spec)))
  );
}

/** Engagements that were kicked off before there was a support window have none in their specification. */
const isSupported = (spec: Spec): boolean => spec.support !== undefined && plannedLooks(spec) > 0;

function isBehind(state: EngagementState, phase: Phase): boolean {
  const last = state.phases.findLast(({ name }) => name === phase);
  const outcome = last?.decision?.outcome;
  return Boolean(last?.goesOn) || outcome === 'approved' || outcome === 'waived';
}

/** Runs a phase until a person lets it pass or ends it; `revise` runs it again. Returns whether to go on. */
async function carryThrough(input: EngagementInput, state: EngagementState, phase: Phase): Promise<boolean> {
  for (let attempt = attemptsOf(state, phase) + 1; ; attempt += 1) {
    state.phase = phase;
    show({ phase });
    await tellPortfolio(input, state);
    setCurrentDetails(`Working on phase **${phase}**, attempt ${attempt}`);
    const record = await runOnce(input, state, phase, attempt);
    if (phase === 'rollout') return record.verdict === 'successful'; // its stages had gates of their own
    if (record.goesOn) return true;
    const decision = record.decision!;
    if (decision.outcome === 'revise') revise(state, decision);
    else return decision.outcome === 'approved' || decision.outcome === 'waived';
  }
}

async function runOnce(
  input: EngagementInput,
  state: EngagementState,
  phase: Phase,
  attempt: number
): Promise<PhaseRecord> {
  const startedAt = new Date().toISOString();
  const { checks, summary, chart, evidence, saving } = await PHASE_WORK[phase](input, state, attempt);
  const verdict = combine(checks);
  const record: PhaseRecord = {
    name: phase,
    attempt,
    verdict,
    reason: reasonOf(checks),
    checks,
    evidence,
    decision: null,
    startedAt,
    endedAt: new Date().toISOString(),
  };
  state.phases.push(record);
  if (saving !== undefined) remember({ saving: saving ?? 'not measured yet' });
  show({ verdict });
  await records.writeJournal({
    engagement: state.spec.engagement,
    event: `verdict/${phase}/${attempt}`,
    kind: 'verdict',
    body: record,
  });
  if (phase === 'ptq' && verdict !== 'successful' && trainable(state) && patched('quantization-aware-training')) {
    record.goesOn = true;
    return record;
  }
  record.decision =
    phase === 'rollout'
      ? (state.rollout!.decisions.at(-1) ?? null)
      : await decideAt(state, state.spec, {
          phase,
          gate: phaseGate(phase),
          attempt,
          verdict,
          summary,
          chart,
          evidenceSha256: evidence.sha256,
        });
  if (phase === 'support') state.support!.decision = record.decision;
  applyRelease(state, record);
  return record;
}

function attemptsOf(state: EngagementState, phase: Phase): number {
  return state.phases.filter(({ name }) => name === phase).length;
}

function revise(state: EngagementState, { changes }: Decision): void {
  if (changes?.quality) state.spec = { ...state.spec, quality: { ...state.spec.quality, ...changes.quality } };
  if (changes?.recipes) state.customRecipes = [...state.customRecipes, ...changes.recipes];
}

/** At the PTQ gate a person may let fewer candidates go on than passed. */
function applyRelease(state: EngagementState, { name, decision }: PhaseRecord): void {
  const chosen = decision?.changes?.candidates;
  if (name === 'ptq' && chosen) state.released = state.released.filter((id) => chosen.includes(id));
}

async function continueWhenLong(input: EngagementArguments, state: EngagementState): Promise<void> {
  const { continueAsNewSuggested, historyLength, memo } = workflowInfo();
  if (!continueAsNewSuggested && historyLength < (input.historyLimit ?? Number.POSITIVE_INFINITY)) return;
  await condition(allHandlersFinished);
  const again = makeContinueAsNewFunc<typeof engagement>({ ...(memo && { memo }) }); // else it would be that of the start
  await again({ ...input, resume: state });
}

async function recordKickOff(input: EngagementInput): Promise<void> {
  const { spec, sources, startedBy, startedAt, portfolio } = input;
  const body = { spec, sources, startedBy, startedAt, ...(portfolio !== undefined && { portfolio }) };
  await records.writeJournal({ engagement: spec.engagement, event: 'kick-off', kind: 'kick-off', body });
}

function outcomeOf(state: EngagementState): { verdict: Verdict; reason: string } {
  const last = state.phases.at(-1)!;
  const { decision } = last;
  if (decision?.outcome === 'expired') return { verdict: 'inconclusive', reason: decision.comment };
  if (decision?.outcome === 'rejected')
    return { verdict: 'failed', reason: `rejected at ${last.name} by ${decision.by}: ${decision.comment}` };
  return { verdict: last.verdict, reason: last.reason };
}

async function close(
  input: EngagementInput,
  state: EngagementState,
  outcome: { verdict: Verdict; reason: string }
): Promise<ClosingDocument> {
  state.phase = 'closed';
  const endedAt = new Date().toISOString();
  const { startedAt, sources } = input;
  const { economics } = sources;
  const document = await records.writeClosing({ startedAt, endedAt, state, economics, ...outcome });
  state.outcome = { ...outcome, endedAt, report: document.report };
  show({ phase: 'closed', verdict: outcome.verdict, awaitingGate: null });
  setCurrentDetails(`Closed: **${outcome.verdict}**. ${outcome.reason}\n\nReport: ${document.report}`);
  await tellPortfolio(input, state, { ...outcome, endedAt });
  await tell({ kind: 'engagement-closed', document, to: state.spec.gates.approvers }, document.engagement);
  return document;
}

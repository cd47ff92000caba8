import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Cancellation, CancellationInput } from '../domain/cancellation.ts';
import type { Decision, DecisionInput, GateStatus } from '../domain/decision.ts';
import type { EngagementState } from '../domain/engagement.ts';
import type { Moved, PortfolioCommand, PortfolioState } from '../domain/portfolio-state.ts';
import type { Proposal } from '../domain/reoptimization.ts';
import type { Guard, Incident } from '../domain/support.ts';
import type { ArmTimes, StageLook, StageResult } from '../domain/traffic.ts';

export const decideUpdate = defineUpdate<Decision, [DecisionInput]>('decide');
export const gateQuery = defineQuery<GateStatus>('gate');
export const engagementQuery = defineQuery<EngagementState>('engagement');

/** Takes the candidate out of the traffic, closes the engagement and ends it. */
export const cancelUpdate = defineUpdate<Cancellation, [CancellationInput]>('cancel');

export type RolloutCommand = 'pause' | 'resume' | 'promote' | 'rollback';

export interface RolloutCommandInput {
  command: RolloutCommand;
  by: string;
  comment: string;
}

export interface RolloutProgress {
  stage: number;
  paused: boolean;
  stages: StageResult[];
  /** What the last look at the running stage found. */
  look?: Omit<StageLook, 'result'>;
  decisions: Decision[];
  awaiting?: { gate: string; workflowId: string; since: string };
}

export const commandUpdate = defineUpdate<RolloutProgress, [RolloutCommandInput]>('command');
export const progressQuery = defineQuery<RolloutProgress>('progress');

export interface SupportCommandInput {
  command: 'acknowledge' | 'open' | 'rollback';
  by: string;
  comment: string;
  /** The number of the incident to acknowledge. */
  incident?: number;
}

export interface SupportProgress {
  day: number;
  days: number;
  daysLeft: number;
  /** Reports written. */
  weeks: number;
  /** The share of its bound that each detector came to in this week. */
  evidence?: Record<Guard, number>;
  incidents: Incident[];
  /** How long clients waited for each arm since the window began. */
  times?: ArmTimes | undefined;
  /** Another engagement, once production has drifted away from what this one was given. */
  proposal?: Proposal | undefined;
}

export const supportUpdate = defineUpdate<SupportProgress, [SupportCommandInput]>('support-command');
export const supportQuery = defineQuery<SupportProgress>('support');

export type PortfolioCommandInput = PortfolioCommand & { by: string; comment: string };

export const portfolioUpdate = defineUpdate<PortfolioState, [PortfolioCommandInput]>('portfolio-command');
export const portfolioQuery = defineQuery<PortfolioState>('portfolio');

/** From an engagement to the portfolio that started it. */
export const engagementMovedSignal = defineSignal<[Moved]>('engagement-moved');
/** From a portfolio to an engagement: the server refuses it where none runs. */
export const knockSignal = defineSignal('knock');

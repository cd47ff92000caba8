import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Decision, DecisionInput, GateStatus } from '../domain/decision.ts';
import type { EngagementState } from '../domain/engagement.ts';
import type { StageResult } from '../domain/traffic.ts';

export const decideUpdate = defineUpdate<Decision, [DecisionInput]>('decide');
export const gateQuery = defineQuery<GateStatus>('gate');
export const engagementQuery = defineQuery<EngagementState>('engagement');

export type RolloutCommand = 'pause' | 'resume' | 'rollback';

export interface RolloutCommandInput {
  command: RolloutCommand;
  by: string;
  comment: string;
}

export interface RolloutProgress {
  stage: number;
  paused: boolean;
  stages: StageResult[];
  decisions: Decision[];
  awaiting?: { gate: string; workflowId: string; since: string };
}

export const commandUpdate = defineUpdate<RolloutProgress, [RolloutCommandInput]>('command');
export const progressQuery = defineQuery<RolloutProgress>('progress');

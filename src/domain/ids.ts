import type { Phase } from './engagement.ts';

export const engagementId = (name: string): string => `engagement/${name}`;
export const portfolioId = (name: string): string => `portfolio/${name}`;
/** Its journal, beside those of the engagements. */
export const portfolioJournal = (name: string): string => `portfolios/${name}`;
export const candidateWorkflowId = (name: string, candidate: string, attempt: number): string =>
  `engagement/${name}/candidate/${candidate}/${attempt}`;
export const gateId = (name: string, gate: string, attempt: number): string =>
  `engagement/${name}/gate/${gate}/${attempt}`;
export const rolloutId = (name: string, attempt: number): string => `engagement/${name}/rollout/${attempt}`;

export const supportId = (name: string, attempt: number): string => `engagement/${name}/support/${attempt}`;

/** The gate before a rollout stage, such as `rollout-100`. */
export const stageGate = (weight: number): string => `rollout-${weight}`;
export const isStageGate = (gate: string): boolean => gate.startsWith('rollout-');
export const phaseGate = (phase: Phase): string => (phase === 'support' ? 'closing' : phase);

/** Task queues: one per resource, so that measurements never share a host with other work. */
export const QUEUES = { engagement: 'engagement', toolkit: 'toolkit', loadTest: 'load-test' } as const;

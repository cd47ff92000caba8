import type { GateStatus } from './decision.ts';

/** Of a month, projected; USD. */
export interface Saving {
  p10: number;
  p50: number;
  p90: number;
}

/** What lists show of an engagement beside its search attributes; absent in those that were kicked off before. */
export interface EngagementMemo {
  saving?: Saving | 'no prices given' | 'not measured yet';
}

/** What lists show of a gate, without its chart; absent until it has begun, and in those that were opened before. */
export interface GateMemo {
  gate?: GateStatus;
}

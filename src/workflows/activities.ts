import { proxyActivities } from '@temporalio/workflow';
import type { EvaluationActivities } from '../activities/evaluation.ts';
import type { ExportActivities } from '../activities/export.ts';
import type { LoadTestActivities } from '../activities/load-test.ts';
import type { MeasurementActivities } from '../activities/measurement.ts';
import type { NotificationActivities } from '../activities/notification.ts';
import type { PortfolioActivities } from '../activities/portfolio.ts';
import type { RecordActivities } from '../activities/records.ts';
import type { ServingActivities } from '../activities/serving.ts';
import type { ToolkitActivities } from '../activities/toolkit.ts';
import type { TrafficActivities } from '../activities/traffic.ts';
import type { TrainingActivities } from '../activities/training.ts';
import type { VerdictActivities } from '../activities/verdicts.ts';
import { DETERMINISTIC, NON_RETRYABLE } from '../domain/errors.ts';
import { QUEUES } from '../domain/ids.ts';

const retry = { initialInterval: '1 second', maximumInterval: '1 minute', nonRetryableErrorTypes: NON_RETRYABLE };

/** A worker that is lost costs an attempt; faults of tools and models end an activity at their third (`RepeatedFault`). */
const LOST_WORKERS = 100;

/** Python toolkits: a crash is retried twice, then the candidate ends with verdict `error`. */
export const toolkit = proxyActivities<ToolkitActivities & ExportActivities>({
  taskQueue: QUEUES.toolkit,
  startToCloseTimeout: '6 hours', // calibration of a large model
  heartbeatTimeout: '20 seconds', // beats every 5 s; a killed worker is noticed within this
  retry: { ...retry, maximumAttempts: LOST_WORKERS },
});

/** Training: a killed worker costs the steps since its last checkpoint. */
export const training = proxyActivities<TrainingActivities>({
  taskQueue: QUEUES.toolkit,
  startToCloseTimeout: '7 days', // days of steps on a CPU are agreed to at a gate
  heartbeatTimeout: '20 seconds',
  retry: { ...retry, maximumAttempts: LOST_WORKERS },
});

/** Measurements: one at a time on a host. */
export const measurement = proxyActivities<MeasurementActivities & EvaluationActivities & ServingActivities>({
  taskQueue: QUEUES.loadTest,
  startToCloseTimeout: '2 hours', // all rows of a large model, and its comparison beside FP32
  heartbeatTimeout: '20 seconds',
  retry: { ...retry, maximumAttempts: LOST_WORKERS },
});

/** The search for the largest rate; a killed worker costs the probe under way, not the search. */
export const loadTest = proxyActivities<LoadTestActivities>({
  taskQueue: QUEUES.loadTest,
  startToCloseTimeout: '12 hours', // dozens of probes of minutes each, and what audits repeat
  heartbeatTimeout: '20 seconds',
  retry: { ...retry, maximumAttempts: LOST_WORKERS },
});

/**
 * Verdicts, journal and reports: seconds of work on local files, repeated until they are written; what a repetition
 * cannot mend ends the engagement with verdict `error` and its reason.
 */
export const records = proxyActivities<RecordActivities & VerdictActivities & PortfolioActivities>({
  taskQueue: QUEUES.engagement,
  startToCloseTimeout: '5 minutes', // a bootstrap over many slices
  retry: { ...retry, nonRetryableErrorTypes: [...NON_RETRYABLE, ...DETERMINISTIC] },
});

/** People are told at least once; a mail server that stays away does not stop the engagement. */
export const notification = proxyActivities<NotificationActivities>({
  taskQueue: QUEUES.engagement,
  startToCloseTimeout: '1 minute', // a mail server that answers slowly
  scheduleToCloseTimeout: '1 hour', // then it is shown as undelivered
  retry,
});

/** Commands to the router: repeated until it answers. */
export const traffic = proxyActivities<TrafficActivities>({
  taskQueue: QUEUES.engagement,
  startToCloseTimeout: '2 minutes', // loading two arms from disk
  retry: { ...retry, maximumInterval: '5 seconds' },
});

/** Watching a stage takes as long as the stage. */
export const watch = proxyActivities<Pick<TrafficActivities, 'watchStage'>>({
  taskQueue: QUEUES.engagement,
  startToCloseTimeout: '90 days', // longer than any hold that a specification may ask for
  heartbeatTimeout: '20 seconds',
  retry: { ...retry, maximumInterval: '5 seconds' },
});

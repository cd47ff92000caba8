import { activityInfo } from '@temporalio/activity';

/**
 * Of the workflow that asked, for the names of journal events: the same when an activity is repeated, another when a
 * phase is run again, so that what was found then is not taken for what is known.
 */
export const runId = (): string => activityInfo().workflowExecution!.runId;

/** An activity under way in an engagement or in one of its children, with how far it said it is. */
export interface ActivityProgress {
  workflowId: string;
  activity: string;
  attempt: number;
  stage?: string;
  done?: number;
  total?: number;
  lastFailure?: string;
  /** No worker has taken it yet; where another one is in its way, which. */
  waiting?: { since: string; behind?: { engagement: string; activity: string; since: string } };
}

/** Those that take more than moments, as people say it. */
const IN_WORDS: Record<string, string> = {
  exportModel: 'exporting the model to ONNX',
  prepareData: 'checking model and rows',
  measureBaseline: 'measuring FP32',
  runLoadTest: 'searching the largest rate at the service level',
  quantizeCandidate: 'making the candidate',
  measureCandidate: 'measuring beside FP32',
  rankSensitivity: 'ranking layers by what quantizing costs',
  evaluateSubset: 'evaluating layers kept in FP32',
  predictHoldout: 'answering the hold-out rows',
  tryServing: 'trying how it is served',
  estimateTraining: 'estimating what training takes',
  trainCandidate: 'training',
  watchStage: 'watching the traffic',
};

const clock = (instant: string): string => `${instant.slice(11, 16)} UTC`;

/** One line such as `int8-static: making the candidate, calibrate 120/1000`. */
export function describeActivity(progress: ActivityProgress): string {
  const { workflowId, activity, attempt, stage, done, total, lastFailure, waiting } = progress;
  const [, , kind, subject] = workflowId.split('/');
  const whose = kind === 'candidate' ? `${subject}: ` : '';
  const counted = total ? `, ${stage ? `${stage} ` : ''}${done}/${total}` : '';
  const behind = waiting?.behind;
  const queue = behind
    ? ` for ${behind.engagement}, ${IN_WORDS[behind.activity] ?? behind.activity} since ${clock(behind.since)}`
    : ' for a worker';
  const waits = waiting ? `, waits since ${clock(waiting.since)}${queue}` : '';
  const again = attempt > 1 ? `, attempt ${attempt}${lastFailure ? ` after: ${lastFailure}` : ''}` : '';
  return `${whose}${IN_WORDS[activity] ?? activity}${waiting ? waits : counted}${again}`;
}

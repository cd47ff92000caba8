/** Titles of keys that their names do not say enough about. */
const TITLES: Record<string, string> = {
  engagement: 'Name of the engagement',
  client: 'Client',
  package: 'Package',
  'model.name': 'Name',
  'model.kind': 'Kind',
  'model.path': 'File',
  'model.entryPoint': 'Entry point',
  'model.tokenizer': 'Tokenizer',
  'model.maxLength': 'Longest row, tokens',
  'model.labels': 'Labels',
  'data.selection': 'Selection rows',
  'data.holdout': 'Hold-out rows',
  'data.calibration': 'Calibration rows',
  'data.production': 'Production rows',
  'data.train': 'Train rows',
  'quality.marginPoints': 'Margin, percentage points',
  'quality.sliceMarginPoints': 'Margin of a slice, percentage points',
  'serving.sloPercentile': 'Service level, percentile',
  'serving.sloMs': 'Service level, milliseconds',
  schemes: 'Schemes the device runs',
  'gates.approvers': 'Approvers',
  gates: 'Gates',
  rollout: 'Rollout',
  'rollout.minimumHold': 'Shortest stay at a stage',
  'rollout.maximumHold': 'Longest stay at a stage',
  'rollout.stages': 'Stages, percent',
  'rollout.disagreementPoints': 'Answers that may differ, percentage points',
  'rollout.errorPoints': 'Requests that may fail, percentage points',
  'support.reoptimizeAtPsi': 'Drift at which another engagement is proposed',
  'economics.traffic': 'Traffic, requests a second',
  'economics.hardware': 'Instance type',
  'economics.fee': 'Fee, dollars',
  loadTest: 'Load test',
};

/** `minimumSliceRows` as `Minimum slice rows`; numbers of lists are left out of the path. */
export function titleOf(path: (string | number)[]): string {
  const names = path.filter((part) => typeof part === 'string');
  const known = TITLES[names.join('.')];
  if (known) return known;
  const words = String(names.at(-1) ?? '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

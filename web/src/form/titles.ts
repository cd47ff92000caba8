/** Titles and hints of keys that their names do not say enough about. */
const TITLES: Record<string, [string, string?]> = {
  engagement: ['Name of the engagement', 'lower-case letters, digits and hyphens'],
  client: ['Client'],
  package: ['Package', 'decides phases, schemes and support'],
  'model.name': ['Name', 'under which it is served'],
  'model.kind': ['Kind'],
  'model.path': ['File', 'of kinds that are exported first, the folder'],
  'model.entryPoint': ['Entry point', 'of kind pytorch: module:function'],
  'model.tokenizer': ['Tokenizer', 'a tokenizer.json'],
  'model.maxLength': ['Longest row, tokens'],
  'model.labels': ['Labels', 'a JSON file with the list, or names in the order of the logits, with commas'],
  'data.selection': ['Selection rows', 'decide which candidate is taken'],
  'data.holdout': ['Hold-out rows', 'looked at once, at the end'],
  'data.calibration': ['Calibration rows'],
  'data.production': ['Production rows', 'a sample of what it is asked'],
  'data.train': ['Train rows', 'for quantization-aware training'],
  'quality.marginPoints': ['Margin, percentage points', 'largest drop of accuracy that the business accepts'],
  'quality.sliceMarginPoints': ['Margin of a slice, percentage points'],
  'serving.sloPercentile': ['Service level, percentile', '50, 95 or 99'],
  'serving.sloMs': ['Service level, milliseconds'],
  schemes: ['Schemes the device runs', 'left out: whatever the package has'],
  'gates.approvers': ['Approvers', 'who decides at the gates'],
  gates: ['Gates'],
  rollout: ['Rollout'],
  'rollout.minimumHold': ['Shortest stay at a stage', 'such as 30 minutes'],
  'rollout.maximumHold': ['Longest stay at a stage', 'such as 2 days'],
  'rollout.stages': ['Stages, percent', 'ascending, ending in 100'],
  'rollout.disagreementPoints': ['Answers that may differ, percentage points'],
  'rollout.errorPoints': ['Requests that may fail, percentage points'],
  'support.reoptimizeAtPsi': [
    'Drift at which another engagement is proposed',
    'population stability index; 0 for never',
  ],
  'economics.traffic': ['Traffic, requests a second', 'a number, or a file with a trace'],
  'economics.hardware': ['Instance type', 'of the price list'],
  'economics.fee': ['Fee, dollars'],
  loadTest: ['Load test'],
};

/** `minimumSliceRows` as `Minimum slice rows`; numbers of lists are left out of the path. */
export function titleOf(path: (string | number)[]): [title: string, hint?: string] {
  const names = path.filter((part) => typeof part === 'string');
  const known = TITLES[names.join('.')];
  if (known) return known;
  const words = String(names.at(-1) ?? '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return [words.charAt(0).toUpperCase() + words.slice(1)];
}

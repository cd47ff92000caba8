export { approval } from './approval.ts';
export { candidate } from './candidate.ts';
export { engagement } from './engagement.ts';
export { portfolio } from './portfolio.ts';
export { rollout } from './rollout.ts';
export { support } from './support.ts';

import { loadTest } from '../../src/workflows/activities.ts';

/** The search alone, as the phases call it. */
export const search = (input: Parameters<typeof loadTest.runLoadTest>[0]) => loadTest.runLoadTest(input);

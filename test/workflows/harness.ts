import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { inject } from 'vitest';
import type { FakeActivities } from './fakes.ts';
import { runWithWorker } from './worker.ts';

/** `runWithWorker` on the ring's server and bundle. */
export const withWorker = (
  overrides: Partial<FakeActivities>,
  action: (client: Client, activities: FakeActivities) => Promise<void>
): Promise<void> => runWithWorker({ address: inject('temporal'), bundlePath: inject('bundlePath') }, overrides, action);

export const uniqueName = (): string => `t-${randomUUID().slice(0, 8)}`;

/** Looks again until the answer is there; fails after so many seconds with the last answer. */
export async function eventually<T>(look: () => Promise<T | undefined>, describe = 'it', seconds = 10): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${describe} did not happen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

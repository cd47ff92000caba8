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

/** Looks again until the answer is there; fails after ten seconds with the last answer. */
export async function eventually<T>(look: () => Promise<T | undefined>, describe = 'it'): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${describe} did not happen within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

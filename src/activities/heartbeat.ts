import { Context } from '@temporalio/activity';

const BEAT_MS = 5_000; // a quarter of the shortest heartbeat timeout

/** Beats from a timer while the work runs, so that a quiet step is not taken for a dead worker. */
export async function whileBeating<T>(
  work: (progress: (done: unknown) => void, signal: AbortSignal) => Promise<T>
): Promise<T> {
  const context = Context.current();
  let latest: unknown = null;
  context.heartbeat(latest);
  const beat = setInterval(() => context.heartbeat(latest), BEAT_MS);
  try {
    return await work((done) => {
      latest = done;
    }, context.cancellationSignal);
  } finally {
    clearInterval(beat);
  }
}

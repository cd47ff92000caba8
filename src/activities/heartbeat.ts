import { Context } from '@temporalio/activity';

const BEAT_MS = 5_000; // a quarter of the shortest heartbeat timeout

/**
 * Beats at once with every progress, and from a timer so that a quiet step is not taken for a dead worker. `checkpoint`
 * is what an attempt before this one told last; it is told again, so that an attempt that dies early does not lose it.
 */
export async function whileBeating<T>(
  work: (progress: (done: unknown) => void, signal: AbortSignal, checkpoint: unknown) => Promise<T>
): Promise<T> {
  const context = Context.current();
  const checkpoint: unknown = context.info.heartbeatDetails ?? null;
  let latest = checkpoint;
  context.heartbeat(latest);
  const beat = setInterval(() => context.heartbeat(latest), BEAT_MS);
  try {
    return await work(
      (done) => {
        latest = done;
        context.heartbeat(latest);
      },
      context.cancellationSignal,
      checkpoint
    );
  } finally {
    clearInterval(beat);
  }
}

import { peakBytes } from './peak-memory.ts';
import type { LoadResult, Request, RunResult } from './protocol.ts';
import { createSession, type Session } from './session.ts';

let session: Session | undefined;
let turn: Promise<void> = Promise.resolve();

process.on('disconnect', () => process.exit(0)); // a parent killed with SIGKILL must leave no child
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the parent decides
process.on('message', (request: Request) => {
  turn = turn.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  try {
    process.send?.({ id: request.id, result: await execute(request) });
  } catch (error) {
    process.send?.({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
}

async function execute(request: Request): Promise<LoadResult | RunResult | { peakBytes: number }> {
  switch (request.kind) {
    case 'load':
      session = await createSession(request.modelPath, request.options);
      return { inputs: session.inputs, outputs: session.outputs };
    case 'run':
      if (!session) throw new Error('no model is loaded');
      return session.run(request.feeds);
    case 'memory':
      return { peakBytes: peakBytes() };
    default:
      throw new Error(`a host does not serve '${request.kind}'`);
  }
}

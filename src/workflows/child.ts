import {
  CancellationScope,
  type ChildWorkflowOptions,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';

type ChildOptions<I> = Required<Pick<ChildWorkflowOptions, 'workflowId' | 'staticSummary'>> & { args: [I] };

/**
 * Runs a child to its end and is cancelled with its caller. The server refuses the cancellation of a child that it
 * has not started yet, and parent and child would wait for ever: so the start is shielded, and the cancellation is
 * passed on once the child is there.
 */
export async function runChild<I, O>(workflow: (input: I) => Promise<O>, options: ChildOptions<I>): Promise<O> {
  const caller = CancellationScope.current();
  if (caller.consideredCancelled) await caller.cancelRequested;
  const shield = new CancellationScope({ cancellable: false });
  const own = new CancellationScope({ cancellable: true, parent: shield });
  const child = await own.run(() =>
    startChild<(input: I) => Promise<O>>(workflow, {
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      ...options,
    })
  );
  caller.cancelRequested.catch(() => own.cancel());
  return child.result();
}

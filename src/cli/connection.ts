import { userInfo } from 'node:os';
import {
  Client,
  Connection,
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { loadConfig, temporalConnection } from '../config.ts';
import { lastWords } from '../domain/errors.ts';
import { CommandError, EXIT, NotFound } from './errors.ts';

const ANSWER_MS = 15_000; // a worker that polls answers in well under a second
const FAILED_PRECONDITION = 9; // nobody polls, or the worker's own tasks for this workflow fail

/** Runs an action with a client of the server that the environment or `stepdown up` names. */
export async function withClient<T>(action: (client: Client) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const temporal = temporalConnection(config);
  const next = 'start it with `stepdown up`, or set TEMPORAL_ADDRESS';
  if (!temporal) throw new CommandError(EXIT.nothingListening, 'no Temporal server is running here', next);
  const { options, namespace } = temporal;
  const connection = await Connection.connect({ ...options, connectTimeout: '5 seconds' }).catch(() => {
    throw new CommandError(EXIT.nothingListening, `nothing listens on ${options.address}`, next);
  });
  try {
    const client = new Client({ connection, namespace, identity: `cli:${userInfo().username}` });
    return await action(client);
  } finally {
    await connection.close();
  }
}

/** A query or an update that waits for a worker no longer than a person would. */
export async function answered<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + ANSWER_MS, call);
  } catch (error) {
    throw translated(error);
  }
}

/** Whether the server answered with this code of gRPC. */
export function hasCode(error: unknown, code: number): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && Number(cause.code) === code;
}

function translated(error: unknown): unknown {
  if (error instanceof WorkflowUpdateFailedError)
    return new CommandError(EXIT.refused, lastWords(error), 'look at `stepdown status` and `stepdown gates`');
  if (error instanceof WorkflowNotFoundError) return new NotFound('there is no such engagement', 'see `stepdown list`');
  const words = lastWords(error);
  const isDeadline = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || /DEADLINE|no poller/.test(words);
  if (isDeadline)
    return new CommandError(EXIT.nothingListening, 'no worker is running', 'start one with `stepdown up`, then repeat');
  if (hasCode(error, FAILED_PRECONDITION))
    return new CommandError(
      EXIT.nothingListening,
      `the worker cannot answer for it: ${words}`,
      'look at the worker’s log'
    );
  return error;
}

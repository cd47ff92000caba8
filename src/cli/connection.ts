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

const NEXT = 'start it with `stepdown up`, or set TEMPORAL_ADDRESS';
const ANSWER_MS = 15_000; // a worker that polls answers in well under a second
const UNAVAILABLE = 14; // the server is gone
const FAILED_PRECONDITION = 9; // nobody polls, or the worker's own tasks for this workflow fail

/**
 * Runs an action with a client of the server that the environment or `stepdown up` names. `found` gives the client of
 * where that server is now: another one when it has moved.
 */
export async function withClient<T>(action: (client: Client, found: () => Promise<Client>) => Promise<T>): Promise<T> {
  let { address, connection, client } = await connected();
  const found = async () => {
    const now = temporalConnection(loadConfig())?.options.address;
    if (now === undefined || now === address) return client;
    const before = connection;
    ({ address, connection, client } = await connected());
    await before.close();
    return client;
  };
  try {
    return await action(client, found);
  } finally {
    await connection.close();
  }
}

async function connected() {
  const temporal = temporalConnection(loadConfig());
  if (!temporal) throw new CommandError(EXIT.nothingListening, 'no Temporal server is running here', NEXT);
  const { options, namespace } = temporal;
  const { address } = options;
  const connection = await Connection.connect({ ...options, connectTimeout: '5 seconds' }).catch(() => {
    throw new CommandError(EXIT.nothingListening, `nothing listens on ${address}`, NEXT);
  });
  return { address, connection, client: new Client({ connection, namespace, identity: `cli:${userInfo().username}` }) };
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
  if (hasCode(error, UNAVAILABLE)) return new CommandError(EXIT.nothingListening, 'Temporal does not answer', NEXT);
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

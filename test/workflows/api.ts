import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { Access } from '../../src/server/access.ts';
import type { Role } from '../../src/server/people.ts';
import { createServer } from '../../src/server/server.ts';
import { readEvents } from './events.ts';
import { namespace } from './harness.ts';

export type Api = Awaited<ReturnType<typeof startApi>>;

/** The real server on the ring's Temporal, in a data directory of its own. */
export async function startApi(changes: Partial<Config> = {}, publicUrl = 'http://127.0.0.1') {
  const home = mkdtempSync(join(tmpdir(), 'stepdown-api-'));
  const config = { ...loadConfig({ STEPDOWN_HOME: join(home, 'data'), STEPDOWN_SPECS: home }), ...changes };
  const connection = await Connection.connect({ address: inject('temporal') });
  const access = new Access(join(config.home, 'access.db'));
  const client = new Client({ connection, namespace: namespace() });
  const app = await createServer({ client, config, access, publicUrl: () => publicUrl });
  const tokens = new Map<string, string>();
  let at: string | undefined;
  const tokenOf = (email: string, roles: Role[]) => {
    if (!tokens.has(email)) tokens.set(email, access.issueToken(email, roles));
    return tokens.get(email)!;
  };
  return {
    app,
    access,
    client,
    config,
    home,
    /** A request as a person with these roles; their mail address is the first role's, unless given. */
    as(roles: Role[], email = `${roles[0]}@example.org`) {
      const authorization = `Bearer ${tokenOf(email, roles)}`;
      return (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object, headers: Record<string, string> = {}) =>
        app.inject({ method, url, headers: { authorization, ...headers }, ...(payload && { payload }) });
    },
    /** Server-sent events, as a viewer; `lastId` resumes after that one. */
    async events(path: string, lastId?: string) {
      at ??= await app.listen({ port: 0, host: '127.0.0.1' });
      const authorization = `Bearer ${tokenOf('viewer@example.org', ['viewer'])}`;
      return readEvents(`${at}${path}`, { authorization, ...(lastId && { 'last-event-id': lastId }) });
    },
    async close() {
      await app.close();
      await connection.close();
      access.close();
      rmSync(home, { recursive: true });
    },
  };
}

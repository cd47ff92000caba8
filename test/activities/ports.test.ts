import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freePorts, portsOf } from '../../src/embedded/ports.ts';

const home = mkdtempSync(join(tmpdir(), 'stepdown-ports-'));
afterAll(() => rmSync(home, { recursive: true }));

it('gives a data directory its ports again, another one for what is taken, and the one that is asked for', async () => {
  const [asked, other] = await freePorts(2);
  const first = await portsOf(home, asked!);
  expect(first.server).toBe(asked);
  expect(await portsOf(home, asked!)).toEqual(first);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(first.temporal, '127.0.0.1', resolve));
  const second = await portsOf(home, asked!);
  await new Promise((resolve) => taken.close(resolve));
  expect(second).toMatchObject({ ui: first.ui, gateway: first.gateway, server: asked });
  expect(second.temporal).not.toBe(first.temporal);
  expect(await portsOf(home, other!)).toEqual({ ...second, server: other });
});

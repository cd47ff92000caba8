import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { workflowBundle } from '../../src/embedded/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'stepdown-bundle-'));
afterAll(() => rmSync(root, { recursive: true }));

it('bundles workflows once, and again when a source of theirs has changed', async () => {
  for (const folder of ['src/workflows', 'src/domain'])
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const environments = join(root, 'environments');
  const bundle = () => workflowBundle({ root, environments });
  const first = await bundle();
  const { mtimeMs } = statSync(first);
  expect(await bundle()).toBe(first);
  expect(statSync(first).mtimeMs).toBe(mtimeMs);
  const source = join(root, 'src/domain/units.ts');
  writeFileSync(source, readFileSync(source, 'utf8').replace('86_400_000', '86_400_001'));
  const second = await bundle();
  expect(readFileSync(second, 'utf8')).toContain('86400001');
  expect(readdirSync(join(environments, 'workflows'))).toHaveLength(1);
});

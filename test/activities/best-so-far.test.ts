import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { bestSoFar } from '../../src/evidence/best-so-far.ts';
import { sha256 } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';

const recipeOf = (id: string): Recipe => ({ toolkit: 'onnxruntime', scheme: 'int8-static', options: { id } });

/** A journal as it is in mid-search, one candidate after the other. */
const journal = new Journal(await mkdtemp(join(tmpdir(), 'stepdown-best-')), 'e');
async function tried(id: string, verdict: string, figures: { speedup: number; role?: string }) {
  const recipe = recipeOf(id);
  await journal.append(`trial/${id}`, 'trial', { key: id, recipeSha256: sha256(canonicalJson(recipe)) });
  const body = { id, recipe, verdict, figures: { lost: 0, flips: 0, sizeRatio: 0.25, role: 'selection', ...figures } };
  await journal.append(`verdict/${id}/${body.figures.role}/${verdict}`, 'verdict', body);
  return bestSoFar(await journal.entries());
}

it('is the fastest that holds at any moment, and the one proven on the hold-out once there is one', async () => {
  expect(bestSoFar(await journal.entries())).toBeUndefined();
  expect(await tried('collapsed', 'failed', { speedup: 3 })).toBeUndefined();
  expect(await tried('dynamic', 'successful', { speedup: 1.5 })).toMatchObject({
    id: 'dynamic',
    trial: { key: 'dynamic' },
  });
  expect(await tried('static', 'successful', { speedup: 2 })).toMatchObject({
    id: 'static',
    recipe: recipeOf('static'),
  });
  await journal.append('verdict/ptq/1', 'verdict', { name: 'ptq', verdict: 'successful', checks: [] });
  expect(await tried('dynamic', 'successful', { speedup: 1.5, role: 'holdout' })).toMatchObject({ id: 'dynamic' });
  expect(await tried('dynamic', 'failed', { speedup: 1.5, role: 'holdout' })).toMatchObject({ id: 'static' });
});

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createServingActivities } from '../../src/activities/serving.ts';
import { scalarProduct, vectorAt } from '../../src/domain/embeddings.ts';
import { spearman } from '../../src/domain/statistics/spearman.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { readEmbeddings } from '../../src/inference/predictions.ts';
import { run } from './digits.ts';
import { type Carried, carried, workplace } from './scored.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/newswire-scored', import.meta.url));
const place = workplace('embeddings');
const { folder, artifacts, verdicts } = place;
const PAIRS = 60;
let made: Carried;

/** The example, smaller: two layers of MiniLM, and the first words of the first pairs. */
beforeAll(async () => {
  const options = ['--task', 'embeddings', '--folder', join(folder, 'build'), '--most', String(PAIRS), '--layers', '2'];
  execFileSync(place.python, [join(EXAMPLE, 'make.py'), ...options], { encoding: 'utf8' });
  const document = parse(readFileSync(join(EXAMPLE, 'embeddings.yaml'), 'utf8'));
  document.model.maxLength = 24;
  document.quality.minimumSliceRows = 10;
  writeFileSync(join(folder, 'engagement.yaml'), stringify(document));
  made = await carried(place, join(folder, 'engagement.yaml'), { isTimed: false });
}, 600_000); // a busy host

const PEER = `
import json, sys
import numpy as np, onnxruntime
from scipy.stats import spearmanr
from tokenizers import Tokenizer
folder = sys.argv[1]
session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(24)
def vector(text):
    encoded = tokenizer.encode(text)
    feed = {"input_ids": [encoded.ids], "attention_mask": [encoded.attention_mask]}
    mean = session.run(None, {name: np.array(value) for name, value in feed.items()})[0][0].mean(0)
    return mean / np.linalg.norm(mean)
pairs = [json.loads(line) for line in open(f"{folder}/selection.jsonl")]
cosines = [float(vector(pair["text"]) @ vector(pair["second"])) for pair in pairs]
gold = [pair["similarity"] for pair in pairs]
print(json.dumps({"cosines": cosines, "correlation": float(spearmanr(gold, cosines).statistic)}))
`;

it('finds the cosines and the correlation that NumPy and SciPy find', async () => {
  const printed = execFileSync(place.python, ['-c', PEER, join(folder, 'build/embeddings')], { encoding: 'utf8' });
  const peer = JSON.parse(printed) as { cosines: number[]; correlation: number };
  const { vectors, seconds } = readEmbeddings(artifacts.path(made.baseline.predictions.arrow));
  expect(vectors.width).toBe(384);
  for (const [row, cosine] of peer.cosines.entries())
    expect(scalarProduct(vectorAt(vectors, row), vectorAt(seconds!, row))).toBeCloseTo(cosine, 5);
  const { figures, checks } = await run(verdicts.judgeBaseline, { ...made });
  expect(figures.accuracy).toBeCloseTo(peer.correlation, 3); // ties of 32 bits may fall otherwise
  const reasons = Object.fromEntries(checks.map(({ name, reason }) => [name, reason]));
  expect(reasons.healthy).toMatch(/^FP32 has 0\.\d{4} Spearman correlation on 60 rows/);
  expect(reasons.power).toContain('at 2 % of the pairs in the place of another');
});

it('judges INT8 by the order of the pairs, which anyone can compute again', async () => {
  const { spec, winner, baseline, predictions, preparation } = made;
  const { selection } = preparation.data;
  const looked = await run(verdicts.judgeHoldout, { spec, winner, baseline, holdout: selection, predictions });
  const { figures, checks } = looked.candidate;
  expect(figures!.accuracyDropUpper).toBeGreaterThan(0.03); // 60 pairs cannot exclude more
  expect(checks[0]!.verdict).not.toBe('successful');
  expect(checks[0]!.reason).toMatch(/^Spearman correlation drop/);
  expect(figures!.other!.metric).toBe('cosine');
  expect(figures!.other!.value).toBeGreaterThan(0.9);
  expect(figures!.other!.value).toBeLessThan(1);
  expect(looked.baseline.other).toEqual({ metric: 'cosine', value: 1 });
  expect((await verifyEngagement(spec.engagement, place.folders)).faults).toEqual([]);
});

it('judges INT8 by its vectors alone where the metric is the cosine', async () => {
  const { winner, baseline, predictions, preparation } = made;
  const spec = { ...made.spec, quality: { ...made.spec.quality, metric: 'cosine' } };
  const { selection } = preparation.data;
  const looked = await run(verdicts.judgeHoldout, { spec, winner, baseline, holdout: selection, predictions });
  const { figures } = looked.candidate;
  expect(looked.baseline.accuracy).toBe(1);
  expect(figures).toMatchObject({ rows: PAIRS, lost: PAIRS, won: 0, flips: PAIRS });
  expect(figures!.accuracyDrop).toBeCloseTo(1 - figures!.accuracy, 12);
  expect(figures!.accuracyDrop).toBeLessThan(0.1);
  expect(figures!.accuracyDropUpper).toBeGreaterThan(1 / PAIRS);
  const { checks } = await run(verdicts.judgeBaseline, { ...made, spec });
  expect(checks[0]!.reason).toMatch(/^FP32's answers to 60 rows are what candidates are held against/);
});

it('tries the served file with a text, whose vector has no score', async () => {
  const { spec, baseline, trial, predictions, preparation } = made;
  const input = { spec, baseline, trial: { ...trial, predictions: predictions.candidate } };
  const tried = run(createServingActivities({ artifacts }).tryServing, {
    ...{ ...input, selection: preparation.data.selection },
  });
  const { smoke } = await tried;
  expect(smoke.baseline).not.toHaveProperty('score');
  expect(smoke.baseline).toMatchObject({ outputs: [{ name: 'last_hidden_state', shape: [1, 24, 384] }] });
});

it('orders the pairs of stories as their topics do, better than by chance', () => {
  const { vectors, seconds } = readEmbeddings(artifacts.path(made.baseline.predictions.arrow));
  const rows = readFileSync(join(folder, 'build/embeddings/selection.jsonl'), 'utf8').trim().split('\n');
  const gold = rows.map((row) => JSON.parse(row).similarity as number);
  expect(new Set(gold)).toEqual(new Set([0, 1, 2]));
  const cosines = gold.map((_, row) => scalarProduct(vectorAt(vectors, row), vectorAt(seconds!, row)));
  expect(spearman(gold, cosines)).toBeGreaterThan(0.2);
});

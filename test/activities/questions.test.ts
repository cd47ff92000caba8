import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { createServingActivities } from '../../src/activities/serving.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { readAnswers, readScores } from '../../src/inference/predictions.ts';
import { run } from './digits.ts';
import { type Carried, carried, workplace } from './scored.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/newswire-scored', import.meta.url));
const place = workplace('questions');
const { folder, artifacts, verdicts } = place;
const ROWS = 150;
let made: Carried;

/** The example on real stories, its first rows. */
beforeAll(async () => {
  const options = ['--task', 'questions', '--folder', join(folder, 'build'), '--most', String(ROWS)];
  execFileSync(place.python, [join(EXAMPLE, 'make.py'), ...options], { encoding: 'utf8' });
  cpSync(join(EXAMPLE, 'questions.yaml'), join(folder, 'engagement.yaml'));
  made = await carried(place, join(folder, 'engagement.yaml'));
}, 300_000); // a busy host

const rowsOf = (role: string): { id: string; context: string; answers: string[] }[] =>
  readFileSync(join(folder, `build/questions/${role}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('answers with parts of the context, and is scored by both metrics', async () => {
  const path = artifacts.path(made.baseline.predictions.arrow);
  const rows = rowsOf('selection');
  const answers = readAnswers(path);
  const exact = readScores(path, { metric: 'exact match' }).scores;
  const f1 = readScores(path, { metric: 'f1' }).scores;
  expect(answers).toHaveLength(ROWS);
  for (const [row, answer] of answers.entries()) {
    expect(rows[row]!.context).toContain(answer);
    expect(exact[row]).toBe(answer === rows[row]!.answers[0] ? 1 : 0); // without articles and punctuation
    expect(f1[row]).toBeGreaterThanOrEqual(exact[row]!);
  }
  const { figures, checks, summary } = await run(verdicts.judgeBaseline, { ...made });
  expect(figures.accuracy).toBeGreaterThan(0.8);
  expect(figures.other).toEqual({ metric: 'exact match', value: exact.reduce((sum, score) => sum + score, 0) / ROWS });
  expect(checks.find(({ name }) => name === 'healthy')!.reason).toMatch(/^FP32 has \d\d\.\d\d % F1 on 150 rows/);
  expect(summary).toContain(' F1 ');
});

it('gives INT8 a verdict with the answers that got worse, which anyone can compute again', async () => {
  const { spec, winner, baseline, predictions, preparation } = made;
  const { selection } = preparation.data;
  const looked = await run(verdicts.judgeHoldout, { spec, winner, baseline, holdout: selection, predictions });
  const { figures, checks } = looked.candidate;
  expect(checks[0]!.name).toBe('score');
  expect(checks[0]!.reason).toMatch(/^F1 drop .* rows scored lower, \d+ higher of 150\)$/);
  expect(figures!.hardExamples!.map(({ name }) => name)).toEqual(['length=longest']);
  expect(figures!.slices.map(({ name }) => name)).toEqual(['length=<=32', 'length=>=33']);
  for (const { baseline, candidate, ...row } of figures!.regressions as { baseline: number; candidate: number }[]) {
    expect(candidate).toBeLessThan(baseline);
    expect(row).toHaveProperty('answers.baseline');
  }
  expect((await verifyEngagement(spec.engagement, place.folders)).faults).toEqual([]);
});

it('tries the served file with a question', async () => {
  const { spec, baseline, trial, predictions, preparation } = made;
  const input = { spec, baseline, trial: { ...trial, predictions: predictions.candidate } };
  const tried = run(createServingActivities({ artifacts }).tryServing, {
    ...{ ...input, selection: preparation.data.selection },
  });
  expect((await tried).smoke.baseline).toMatchObject({ score: 1, outputs: [{ name: 'start_logits' }, {}] });
});

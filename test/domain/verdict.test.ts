import { expect, it } from 'vitest';
import { jsonOf } from '../../src/domain/json.ts';
import { type Verdict, withoutWinner } from '../../src/domain/verdict.ts';

it.each<[Verdict[], Verdict]>([
  [[], 'inconclusive'],
  [['failed', 'inconclusive', 'error'], 'inconclusive'],
  [['failed', 'error'], 'failed'],
  [['error', 'error'], 'error'],
])('of candidates %j, none of which passed, the verdict is %s', (verdicts, verdict) => {
  expect(withoutWinner(verdicts.map((verdict) => ({ verdict })))).toBe(verdict);
});

it.each([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  ['<html>', undefined],
  ['', undefined],
])('reads %s as JSON where it is', (text, value) => {
  expect(jsonOf(text)).toEqual(value);
});

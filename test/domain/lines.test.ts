import { describe, expect, it } from 'vitest';
import { Lines } from '../../src/server/lines.ts';

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
const line = (text: string, began: number, changedAt: number) => ({ line: text, began: at(began), changedAt });

describe('lines of a list', () => {
  it('are told to those who have an earlier version, newest first', () => {
    const lines = new Lines<string>(JSON.stringify);
    lines.put('a', line('old', 1, 1), 1);
    lines.put('b', line('new', 2, 2), 2);
    lines.put('a', line('old, changed', 1, 3), 3);
    expect(lines.jsonSince(0)).toBe('"new","old, changed"');
    expect(lines.jsonSince(2)).toBe('"old, changed"');
    expect([lines.jsonSince(3), lines.latest]).toEqual(['', 3]);
  });

  it('are not taken back by a look that began earlier', () => {
    const lines = new Lines<string>(JSON.stringify);
    lines.put('a', line('now', 1, 5), 1);
    lines.put('a', line('before', 1, 4), 2);
    expect([lines.get('a'), lines.latest]).toEqual(['now', 1]);
    lines.remove('a', at(1), 3);
    lines.put('a', line('again', 1, 6), 4);
    expect([lines.get('a'), lines.removedSince(2), lines.latest]).toEqual([undefined, ['a'], 3]);
  });

  it('come back under the same key as something that began later', () => {
    const lines = new Lines<string>(JSON.stringify);
    lines.remove('a', at(1), 1);
    lines.put('a', line('second run', 2, 2), 2);
    expect([lines.get('a'), lines.removedSince(0)]).toEqual(['second run', []]);
  });

  it('that a look at everything lacks are removed, but not what is newer than the look', () => {
    const lines = new Lines<string>(JSON.stringify);
    for (const [i, key] of ['a', 'b', 'c'].entries()) lines.put(key, line(key, i, i), i + 1);
    lines.removeOthers(new Set(['a']), 2, 4);
    expect(lines.all()).toEqual(['c', 'a']);
  });

  it('forget what was removed long ago, and say since when they know', () => {
    const lines = new Lines<string>(JSON.stringify);
    for (let i = 1; i <= 2_003; i++) {
      lines.put(`${i}`, line('', 1, i), i);
      lines.remove(`${i}`, at(1), i);
    }
    expect([lines.oldest, lines.removedSince(0).length]).toEqual([3, 2_000]);
    lines.remove('never here', at(1), 2_004);
    expect([lines.latest, lines.removedSince(2_003)]).toEqual([2_003, []]);
  });
});

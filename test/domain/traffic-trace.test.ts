import { describe, expect, it } from 'vitest';
import { parseTraffic } from '../../src/domain/cost-input.ts';
import { readTraffic } from '../../src/domain/traffic-trace.ts';

const MONDAY = Date.UTC(2026, 10, 16);
const HOUR = 3_600_000;
const at = (hour: number, minute = 0) => new Date(MONDAY + hour * HOUR + minute * 60_000).toISOString();

describe('a trace', () => {
  it('counts the requests of every hour of the week, from Monday 0:00 UTC', () => {
    const lines = Array.from({ length: 168 }, (_, hour) => `${at(hour)},${hour === 9 ? 7200 : 360}`);
    const rates = readTraffic(['timestamp,requests', ...lines].join('\n')) as number[];
    expect(rates).toHaveLength(168);
    expect(rates[9]).toBe(2);
    expect(rates[0]).toBe(0.1);
    expect(parseTraffic(rates)).toHaveProperty('hourlyRps');
  });

  it('takes the busiest week of several, and one request a line', () => {
    const once = [at(0), at(0, 30), at(167)];
    const later = [at(168), at(335), at(168 + 5), at(168 + 5, 1)];
    const seconds = (time: string) => String(Date.parse(time) / 1000);
    const rates = readTraffic(['timestamp', ...[...once, ...later].map(seconds)].join('\n')) as number[];
    expect(rates[0]).toBe(2 / 3600);
    expect(rates[5]).toBe(2 / 3600);
    expect(rates[6]).toBe(0);
  });

  it.each([
    ['is shorter than a week', `timestamp\n${at(0)}\n${at(100)}`, '101 numbers'],
    ['has an unreadable time', `timestamp\n${at(0)}\nyesterday`, "timestamp 'yesterday'"],
    [
      'counts in milliseconds',
      `timestamp\n${MONDAY}`,
      `timestamp '${MONDAY}' is not Unix seconds; divide milliseconds`,
    ],
    ['has a negative count', `timestamp,requests\n${at(0)},-4`, "requests '-4'"],
    ['is empty', 'timestamp,requests\n', 'a trace without requests'],
  ])('is refused when it %s', (_, text, named) => {
    const { problems } = parseTraffic(readTraffic(text)) as { problems: { path: string; value: unknown }[] };
    expect(problems[0]!.path).toBe('requestsPerSecond');
    expect(String(problems[0]!.value)).toContain(named);
  });
});

it('reads a plain number, and 168 of them', () => {
  expect(readTraffic('42\n')).toBe(42);
  expect(readTraffic(new Array(168).fill('1').join(', '))).toHaveLength(168);
});

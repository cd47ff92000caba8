import { HOURS_PER_WEEK } from './cost.ts';
import { parseCsv } from './csv.ts';

const HOUR_MS = 3_600_000;
/** The first hour of the epoch was a Thursday's; a week begins on Monday. */
const EPOCH_HOUR = 3 * 24;

/**
 * Requests per second in each hour of a week, UTC, from Monday 0:00. The text is one number or 168, or a trace: CSV
 * with a column `timestamp` (ISO 8601 or Unix seconds) and optionally `requests`, the number counted since then. An
 * hour of the week is as busy as in the busiest week of the trace. What cannot be read stays text, for the check of
 * the traffic to name it.
 */
export function readTraffic(text: string): unknown {
  const [header] = text.trimStart().split(/\r?\n/, 1);
  if (/(^|,)\s*"?timestamp"?\s*(,|$)/.test(header ?? '')) return hoursOfTrace(parseCsv(text));
  const numbers = text
    .split(/[\s,;[\]]+/)
    .filter((part) => part !== '')
    .map(numeric);
  return numbers.length === 1 ? numbers[0] : numbers;
}

/** What is no number stays text, for the check to name it. */
export function numeric(text: string): number | string {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : text;
}

function hoursOfTrace(records: Record<string, string>[]): unknown {
  const counts = new Map<number, number>();
  for (const { timestamp, requests = '1' } of records) {
    const hour = Math.floor(timeOf(timestamp!) / HOUR_MS);
    const count = Number(requests);
    if (isMilliseconds(timestamp!)) return `timestamp '${timestamp}' is not Unix seconds; divide milliseconds by 1000`;
    if (!Number.isFinite(hour)) return `timestamp '${timestamp}'`;
    if (!(count >= 0)) return `requests '${requests}' at ${timestamp}`;
    counts.set(hour, (counts.get(hour) ?? 0) + count);
  }
  if (counts.size === 0) return 'a trace without requests';
  const seen = [...counts.keys()].sort((a, b) => a - b);
  const rates: number[] = [];
  for (let hour = seen[0]!; hour <= seen.at(-1)!; hour++) {
    const ofWeek = (hour + EPOCH_HOUR) % HOURS_PER_WEEK;
    rates[ofWeek] = Math.max(rates[ofWeek] ?? 0, (counts.get(hour) ?? 0) / 3600);
  }
  return rates.filter((rate) => rate !== undefined); // too few where the trace is shorter than a week
}

const NUMBER = /^\d+(\.\d+)?$/;
const LATEST_SECONDS = 1e11; // of the year 5138; in milliseconds, of 1973

const isMilliseconds = (timestamp: string) => NUMBER.test(timestamp) && Number(timestamp) >= LATEST_SECONDS;

function timeOf(timestamp: string): number {
  return NUMBER.test(timestamp) ? 1000 * Number(timestamp) : Date.parse(timestamp);
}

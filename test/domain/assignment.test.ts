import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assignedToCandidate, bucketOf } from '../../src/domain/assignment.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8'));
const users = Array.from({ length: 20_000 }, (_, user) => `user-${user}`);

describe('assignment', () => {
  it.each(golden.assignment_bucket.rows as { key: string; seed: number; bucket: number }[])(
    'meets the golden bucket of %o',
    ({ key, seed, bucket }) => {
      expect(bucketOf(key, seed)).toBe(bucket);
      expect(bucketOf(Buffer.from(key, 'utf8'), seed)).toBe(bucket);
    }
  );

  it('hashes a header value as the bytes on the wire', () => {
    const onTheWire = Buffer.from('顧客-7', 'utf8');
    const inNode = onTheWire.toString('latin1');
    expect(bucketOf(Buffer.from(inNode, 'latin1'), 42)).toBe(bucketOf('顧客-7', 42));
  });

  it('moves nobody back to the twin when the weight rises', () => {
    const weights = [0, 100, 500, 2_500, 5_000, 10_000];
    for (const user of users) {
      const bucket = bucketOf(user, 42);
      const assigned = weights.map((weight) => assignedToCandidate(bucket, weight));
      expect(assigned).toEqual([...assigned].sort());
      expect(assigned.at(0)).toBe(false);
      expect(assigned.at(-1)).toBe(true);
    }
  });

  it.each([100, 500, 2_500, 5_000])('gives the candidate its share of users at a weight of %d', (weight) => {
    const share = users.filter((user) => assignedToCandidate(bucketOf(user, 42), weight)).length / users.length;
    const expected = weight / 10_000;
    const deviation = Math.sqrt((expected * (1 - expected)) / users.length);
    expect(Math.abs(share - expected)).toBeLessThan(4 * deviation);
  });
});

/** How much is run on this host for every latency comparison, in every engagement and quick lap. */
export const LATENCY = { rounds: 200, blocks: 8, warmup: 5, seed: 1 };
/** First rate of a load test, as a share of what one query after the other makes: there queues are still short. */
export const FIRST_PROBE = 0.6;
export const THROUGHPUT = { maxRequests: 240, maxMs: 20_000, warmup: 10, seed: 1 };

const DAY_MS = 86_400_000;

export interface RoadmapWeek {
  week: number;
  from: string;
  until: string;
  phase: string;
  outcome: string;
}

const WEEKS = [
  { phase: 'baseline', outcome: 'FP32 measured: accuracy, latency, throughput, cost; goals agreed' },
  { phase: 'ptq', outcome: 'INT8 candidates by post-training quantization, judged on the selection rows' },
  { phase: 'optimization', outcome: 'further recipes on the survivors; one candidate proven once on the hold-out' },
  { phase: 'rollout', outcome: 'shadow, then stages of client traffic, with a way back at each; closing report' },
];

/** The four weeks from `today`, seven days each, as calendar days in UTC. */
export function roadmap(today: Date): RoadmapWeek[] {
  const day = (offset: number) => new Date(today.getTime() + offset * DAY_MS).toISOString().slice(0, 10);
  return WEEKS.map((week, i) => ({ week: i + 1, from: day(7 * i), until: day(7 * i + 6), ...week }));
}

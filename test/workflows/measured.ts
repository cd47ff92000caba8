import type { ArtifactRef, DataRole } from '../../src/domain/artifact.ts';
import type { CandidateFigures, CandidateResult, QualityFigures } from '../../src/domain/engagement.ts';
import type { BaselineMeasurement, HostFingerprint, LatencyPercentiles, Trial } from '../../src/domain/measurement.ts';

export const ref = (name: string): ArtifactRef => ({ uri: `00/${name}`, sha256: name.padEnd(64, '0'), bytes: 1 });

const FP32 = { p50Ms: 11, perSecond: 84, sizeBytes: 9e7 };
const percentiles = (p50Ms: number): LatencyPercentiles => ({ p50Ms, p95Ms: p50Ms * 1.6, p99Ms: p50Ms * 2.1 });
const throughput = (perSecond: number) => ({ perSecond, requests: 500 });
const host: HostFingerprint = {
  cpuModel: 'cpu',
  cores: 2,
  memoryBytes: 8e9,
  instructionSets: ['avx2'],
  gpu: null,
  onnxruntime: '1',
  node: '24',
  platform: 'linux',
};
const options = { threads: 1 };
const noiseInterval: [number, number] = [0.98, 1.02];
const around = (speedup: number): [number, number] => [speedup * 0.97, speedup * 1.03];

/** FP32, with every figure that a real one has. */
export const baselineMeasurement = (): BaselineMeasurement => ({
  key: 'baseline',
  model: ref('fp32'),
  sizeBytes: FP32.sizeBytes,
  predictions: { arrow: ref('b'), rows: 1000 },
  latency: percentiles(FP32.p50Ms),
  throughput: throughput(FP32.perSecond),
  memoryBytes: 1.4e8,
  host,
  options,
  durationMs: 1,
});

export const fp32 = (role: DataRole): QualityFigures => ({ role, rows: 1000, accuracy: 0.95, macroF1: 0.81 });

/** A candidate, so many times as fast, of that share of the size. */
export const trialOf = (key = 'key', { speedup = 2, size = 0.26 } = {}): Trial => ({
  key,
  recipeSha256: 'recipe',
  parentSha256: ref('fp32').sha256,
  quantized: {
    model: ref('int8'),
    sizeBytes: FP32.sizeBytes * size,
    coverage: { integer: 37, float: 0, share: 1, operators: {}, fallbacks: [] },
    toolkitVersions: {},
    durationMs: 1,
  },
  predictions: { arrow: ref('p'), rows: 1000 },
  latency: {
    rounds: ref('r'),
    speedup,
    speedupInterval: around(speedup),
    noiseFloor: 1,
    noiseInterval,
    baseline: percentiles(FP32.p50Ms),
    candidate: percentiles(FP32.p50Ms / speedup),
  },
  throughput: { baseline: throughput(FP32.perSecond), candidate: throughput(FP32.perSecond * speedup) },
  memoryBytes: 6e7,
  host,
  options,
  durationMs: 1,
});

/** What such a trial came to, where accuracy fell by `drop`. */
export const figuresOf = ({ speedup = 2, size = 0.26, drop = 0.002 } = {}): CandidateFigures => ({
  ...fp32('selection'),
  accuracy: 0.95 - drop,
  accuracyDrop: drop,
  accuracyDropUpper: drop + 0.005,
  flips: 9,
  lost: 6,
  won: 3,
  slices: [
    {
      name: 'long',
      rows: 200,
      accuracyBaseline: 0.94,
      accuracyCandidate: 0.935,
      dropUpper: 0.02,
      verdict: 'successful',
    },
  ],
  mcnemarP: 0.5,
  regressions: [{ id: 'row-7', label: 0, baseline: 0, candidate: 1, baselineMargin: 3.2 }],
  sizeRatio: size,
  speedup,
  speedupInterval: around(speedup),
  noiseInterval,
  integerCoverage: 1,
});

/** With a verdict; whose recipe it is stands in the input. */
export const judgedAs = (
  { id, phase, recipe, trial }: Pick<CandidateResult, 'id' | 'phase' | 'recipe' | 'trial'>,
  result: Pick<CandidateResult, 'verdict' | 'reason' | 'checks' | 'figures'>
): CandidateResult => ({ id, phase, recipe, scheme: recipe.scheme, ...(trial && { trial }), ...result });

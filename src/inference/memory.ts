import type { SessionOptions } from '../domain/measurement.ts';
import { readDataset } from './dataset.ts';
import { emptyHostPeakBytes, startHost } from './host.ts';
import type { OnProgress } from './predict.ts';

/** ONNX Runtime's arena has grown to what it needs well before this many runs. */
const RUNS = 32;

export interface MeasureMemoryInput {
  modelPath: string;
  dataPath: string;
  options: SessionOptions;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/**
 * What the model costs in memory: peak resident set of a fresh host after 32 runs of the longest rows (length sets
 * the peak), less the peak of a host that loaded ONNX Runtime and no model.
 */
export async function measureMemory(input: MeasureMemoryInput): Promise<{ memoryBytes: number }> {
  const { modelPath, dataPath, options, signal, onProgress } = input;
  const emptyBytes = await emptyHostPeakBytes({ signal });
  const host = await startHost({ modelPath, options, signal });
  try {
    const data = readDataset(dataPath, host.inputs);
    const lengths = Array.from({ length: data.rows }, (_, row) => data.lengthOf(row));
    const longest = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b).slice(0, RUNS);
    for (let run = 0; run < RUNS; run++) {
      await host.run(data.feeds(longest[run % longest.length]!));
      onProgress?.({ done: run + 1, total: RUNS });
    }
    const { peakBytes } = await host.memory();
    return { memoryBytes: Math.max(0, peakBytes - emptyBytes) };
  } finally {
    await host.close();
  }
}

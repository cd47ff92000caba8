import type { Reading } from '../domain/artifact.ts';
import { scalarProduct } from '../domain/embeddings.ts';
import { numbersOf } from './classification.ts';
import { readDataset } from './dataset.ts';
import { digestOf } from './digest.ts';
import { ModelOutputInvalid } from './errors.ts';
import { type Outputs, outputsOf, type PredictInput } from './predict.ts';
import { writeEmbeddings } from './predictions.ts';
import type { TensorValue } from './protocol.ts';

type EmbeddingReading = Extract<Reading, { kind: 'embedding' }>;

/** Writes the vector of every row, of pairs both; throws `ModelOutputInvalid` naming the row for an answer without one. */
export async function predictEmbeddings(
  input: PredictInput & { reading: EmbeddingReading }
): Promise<{ rows: number }> {
  const { outPath, signal, onProgress, reading, ...asked } = input;
  const { ids, rows } = readDataset(input.dataPath, []);
  const digests = new Float64Array(rows);
  const [vectors, seconds]: [Float32Array[], Float32Array[]] = [[], []];
  for await (const { row, feeds, outputs, second } of outputsOf({ ...asked, order: [...ids.keys()], signal })) {
    const id = ids[row]!;
    vectors.push(vectorOf(outputs, feeds, reading, id));
    if (second) seconds.push(vectorOf(second.outputs, second.feeds, reading, id));
    digests[row] = digestOf(outputs, id);
    onProgress?.({ done: row + 1, total: rows });
  }
  signal?.throwIfAborted();
  writeEmbeddings(outPath, { ids, digests, vectors, seconds });
  return { rows };
}

/** A text's vector as the service gives it. */
function vectorOf(
  outputs: Outputs,
  feeds: Record<string, TensorValue>,
  { pooling, normalize }: EmbeddingReading,
  row: string
): Float32Array {
  const axes = pooling === 'none' ? 2 : 3;
  const fitting = Object.values(outputs).filter(({ dims }) => dims.length === axes && dims[0] === 1);
  if (fitting.length !== 1)
    throw new ModelOutputInvalid(
      `row '${row}': ${fitting.length} outputs have ${axes} axes and a batch of 1; pooling ${pooling} takes one`
    );
  const { dims } = fitting[0]!;
  const width = dims.at(-1)!;
  const numbers = numbersOf(fitting[0]!, row);
  const pooled = pooling === 'mean' ? meanOf(numbers, width, feeds.attention_mask) : numbers.slice(0, width);
  if (pooled.some((value) => !Number.isFinite(value)))
    throw new ModelOutputInvalid(`row '${row}': the vector has a number that is not finite`);
  const vector = Float32Array.from(pooled);
  const length = normalize ? Math.sqrt(scalarProduct(vector, vector)) : 1;
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Of the tokens that the mask keeps. */
function meanOf(numbers: Float64Array, width: number, mask: TensorValue | undefined): Float64Array {
  const sums = new Float64Array(width);
  let kept = 0;
  for (let token = 0; token < numbers.length / width; token++) {
    if (mask && Number(mask.data[token]) === 0) continue;
    kept += 1;
    for (let i = 0; i < width; i++) sums[i]! += numbers[token * width + i]!;
  }
  return sums.map((sum) => sum / Math.max(kept, 1));
}

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Int32, List, makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { afterAll, describe, expect, it } from 'vitest';
import { accuracy } from '../../src/domain/metrics.ts';
import { classify } from '../../src/inference/classification.ts';
import { readDataset } from '../../src/inference/dataset.ts';
import { predict } from '../../src/inference/predict.ts';
import { readPredictions, writePredictions } from '../../src/inference/predictions.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const folder = mkdtempSync(join(tmpdir(), 'stepdown-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));

const INPUTS = ['input_ids', 'attention_mask'].map((name) => ({ name, type: 'int64', shape: ['batch', 'length'] }));
const JOB = { modelPath: `${FIXTURES}classifier.onnx`, dataPath: `${FIXTURES}rows.arrow`, options: { threads: 1 } };
const logits = (...values: number[]) => ({
  logits: { type: 'float32' as const, dims: [1, values.length], data: Float32Array.from(values) },
});

describe('prepared data', () => {
  it('comes as rows that a session takes', () => {
    const data = readDataset(JOB.dataPath, INPUTS);
    expect(data.rows).toBe(40);
    expect(data.ids[39]).toBe('row-39');
    expect(Object.keys(data.slices)).toEqual(['length', 'group']);
    expect(new Set(data.slices.group)).toEqual(new Set(['even', 'odd']));
    const { input_ids, attention_mask } = data.feeds(17); // in the second record batch
    expect(input_ids).toMatchObject({ type: 'int64', dims: [1, data.lengthOf(17)] });
    expect(attention_mask!.data).toEqual(new BigInt64Array(data.lengthOf(17)).fill(1n));
    expect(data.slices.length![17]).toBe(data.lengthOf(17) < 6 ? 'short' : 'long');
  });

  it('is given the type and shape that the model declares', () => {
    const narrow = INPUTS.map((input) => ({ ...input, type: 'int32', shape: [1, 1, 'length'] }));
    const { input_ids } = readDataset(JOB.dataPath, narrow).feeds(0);
    expect(input_ids!.data).toBeInstanceOf(Int32Array);
    expect(input_ids!.dims.slice(0, 2)).toEqual([1, 1]);
  });

  it.each([
    ['rows-without-mask.arrow', INPUTS, "no column 'attention_mask'"],
    ['classifier.onnx', INPUTS, 'is not an Arrow IPC file'],
    ['rows.arrow', [{ ...INPUTS[0]!, name: 'id' }], "column 'id' is Utf8, not a list of numbers"],
  ])('is refused with the reason: %s', (file, inputs, message) => {
    expect(() => readDataset(`${FIXTURES}${file}`, inputs)).toThrow(
      expect.objectContaining({ name: 'DatasetInvalid', message: expect.stringContaining(message) })
    );
  });

  it.each([
    ['float32', ['batch', 'length'], 'holds BigInt64Array elements, and the model input is float32'],
    ['int64', ['batch', 1000], 'not a [batch,1000] batch of 1'],
    ['int64', [8, 'length'], 'not a [8,length] batch of 1'],
  ])('is refused where the model wants %s %j', (type, shape, message) => {
    const data = readDataset(JOB.dataPath, [{ name: 'input_ids', type, shape }]);
    expect(() => data.feeds(0)).toThrow(message);
  });

  it('is refused without labels, and with an empty cell', () => {
    const path = join(folder, 'no-label.arrow');
    const ids = vectorFromArray([[1], null], new List(new Field('item', new Int32(), true)));
    const id = vectorFromArray(['a', 'b'], new Utf8());
    const inputs = [{ name: 'ids', type: 'int32', shape: ['batch', 'length'] }];
    writeFileSync(path, tableToIPC(new Table({ id, ids, label: makeVector(Int32Array.of(0, 1)) }), 'file'));
    expect(() => readDataset(path, inputs)).toThrow("column 'ids' has 1 empty cells");
    writeFileSync(path, tableToIPC(new Table({ id }), 'file'));
    expect(() => readDataset(path, []).labels).toThrow("has no column 'label' (int32); it has id");
  });
});

describe('classification', () => {
  it('reads class, softmax score and margin', () => {
    const { top1, score, margin } = classify(logits(0, Math.log(6), Math.log(3)), 'row');
    expect(top1).toBe(1);
    expect(score).toBeCloseTo(0.6, 6);
    expect(margin).toBeCloseTo(0.3, 6);
  });

  it('holds for large logits and takes the first of equals', () => {
    expect(classify(logits(1e4, 0, 1e4), 'row')).toEqual({ top1: 0, score: 0.5, margin: 0, classes: 3 });
  });

  it('reads half precision', () => {
    const data = Uint16Array.of(0x3c00, 0xc000, 0x0001); // 1, -2 and the smallest subnormal
    const half = classify({ logits: { type: 'float16', dims: [1, 3], data } }, 'row');
    expect(half.top1).toBe(0);
    expect(half.score).toBeCloseTo(1 / (1 + Math.exp(-3) + Math.exp(-1)), 6);
  });

  it.each([
    [logits(0, Number.NaN), "row 'r7': logit 1 is NaN"],
    [logits(Number.NEGATIVE_INFINITY, 0), "row 'r7': logit 0 is -Infinity"],
    [logits(1), 'shape [1,1]'],
    [{ a: logits(1, 2).logits, b: logits(1, 2).logits }, 'the outputs a, b'],
    [{ y: { type: 'int32' as const, dims: [1, 2], data: Int32Array.of(1, 2) } }, 'is int32'],
  ])('refuses %j', (outputs, message) => {
    expect(() => classify(outputs, 'r7')).toThrow(
      expect.objectContaining({ name: 'ModelOutputInvalid', message: expect.stringContaining(message) })
    );
  });
});

describe('predict', () => {
  it('writes what the model says of every row and reports progress', async () => {
    const outPath = join(folder, 'predictions.arrow');
    const progress: number[] = [];
    const result = await predict({ ...JOB, outPath, onProgress: ({ done, total }) => progress.push(done / total) });
    expect(result).toEqual({ rows: 40 });
    expect(progress).toHaveLength(40);
    expect(progress.at(-1)).toBe(1);
    const { ids, top1, scores, margins } = readPredictions(outPath);
    const { labels } = readDataset(JOB.dataPath, INPUTS);
    expect(ids).toHaveLength(40);
    expect(accuracy(labels, top1)).toBeGreaterThan(0.7);
    expect(scores.every((score, row) => score > 0.25 && score <= 1 && margins[row]! <= score)).toBe(true);
  });

  it('writes the same bytes for the same model and data', async () => {
    const paths = ['first', 'second'].map((name) => join(folder, name));
    for (const outPath of paths) await predict({ ...JOB, outPath });
    const rewritten = join(folder, 'third');
    writePredictions(rewritten, readPredictions(paths[0]!));
    const [first, second, third] = [...paths, rewritten].map((path) => readFileSync(path));
    expect(second!.equals(first!)).toBe(true);
    expect(third!.equals(first!)).toBe(true);
  });

  it.each([
    ['rows-poisoned.arrow', 'ModelOutputInvalid', "row 'row-5': logit 0 is NaN"],
    ['rows-without-mask.arrow', 'DatasetInvalid', "no column 'attention_mask'"],
  ])('refuses %s with a %s and writes nothing', async (file, name, message) => {
    const outPath = join(folder, `refused-${file}`);
    const refusal = predict({ ...JOB, dataPath: `${FIXTURES}${file}`, outPath });
    await expect(refusal).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
    expect(existsSync(outPath)).toBe(false);
  });

  it('refuses a label that the model does not know', async () => {
    const dataPath = join(folder, 'bad-label.arrow');
    const lists = vectorFromArray([[1, 2]], new List(new Field('item', new Int32(), true)));
    const columns = { input_ids: lists, attention_mask: lists, label: makeVector(Int32Array.of(4)) };
    const table = new Table({ id: vectorFromArray(['odd one'], new Utf8()), ...columns });
    writeFileSync(dataPath, tableToIPC(table, 'file'));
    await expect(predict({ ...JOB, dataPath, outPath: join(folder, 'never') })).rejects.toThrow(
      "row 'odd one' has label 4, and the model knows 0 to 3"
    );
  });

  it('writes nothing when it is aborted', async () => {
    const outPath = join(folder, 'aborted.arrow');
    const abort = new AbortController();
    const reason = new Error('stop');
    const onProgress = ({ done }: { done: number }) => done === 5 && abort.abort(reason);
    await expect(predict({ ...JOB, outPath, signal: abort.signal, onProgress })).rejects.toBe(reason);
    expect(readdirSync(folder).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });

  it('names the missing column of a file that holds no predictions', () => {
    const path = join(folder, 'rows.arrow');
    copyFileSync(JOB.dataPath, path);
    expect(() => readPredictions(path)).toThrow("has no column 'top1'");
  });
});

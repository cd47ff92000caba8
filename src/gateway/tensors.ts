import type { TensorData, TensorDeclaration, TensorType, TensorValue } from '../inference/host.ts';
import { readBinary } from '../inference/open-inference.ts';
import { messageOf, Refusal } from './errors.ts';

/** Reads the flat JSON values of each datatype; throws on one that the datatype cannot hold. FP16 has no JSON form. */
const FROM_JSON: Partial<Record<TensorType, (values: unknown[], name: string) => TensorData>> = {
  bool: (values, name) => Uint8Array.from(values, (value) => truth(value, name)),
  int8: integers(Int8Array, -(2 ** 7), 2 ** 7 - 1),
  int16: integers(Int16Array, -(2 ** 15), 2 ** 15 - 1),
  int32: integers(Int32Array, -(2 ** 31), 2 ** 31 - 1),
  int64: bigIntegers(BigInt64Array, Number.MIN_SAFE_INTEGER),
  uint8: integers(Uint8Array, 0, 2 ** 8 - 1),
  uint16: integers(Uint16Array, 0, 2 ** 16 - 1),
  uint32: integers(Uint32Array, 0, 2 ** 32 - 1),
  uint64: bigIntegers(BigUint64Array, 0),
  float32: (values, name) => Float32Array.from(values, (value) => finite(Math.fround(value as number), value, name)),
  float64: (values, name) => Float64Array.from(values, (value) => finite(value as number, value, name)),
  string: (values, name) => values.map((value) => text(value, name)),
};

/** The values of a tensor whose type and shape were checked; `data` may be nested as the shape is, or flat. */
export function readTensor(name: string, type: TensorType, shape: number[], data: unknown): TensorValue {
  const read = FROM_JSON[type];
  if (!read) throw new Refusal(400, `'${name}': FP16 has no JSON form; send it with the binary extension`);
  if (!Array.isArray(data)) throw new Refusal(400, `'${name}': data must be an array`);
  const elements = elementsOf(shape);
  const values = data.some(Array.isArray) ? flatten(name, data, shape) : data;
  if (values.length !== elements)
    throw new Refusal(400, `'${name}' of shape [${shape}] needs ${elements} elements, data has ${values.length}`);
  return { type, dims: shape, data: read(values, name) };
}

export function readBinaryTensor(name: string, type: TensorType, shape: number[], bytes: Buffer): TensorValue {
  try {
    return { type, dims: shape, data: readBinary(type, elementsOf(shape), bytes) };
  } catch (error) {
    throw new Refusal(400, `'${name}' of shape [${shape}]: ${messageOf(error)}`);
  }
}

/** Returns how a shape differs from the declared one; symbols must have one size in all inputs of a request. */
export function shapeFault(shape: number[], declared: TensorDeclaration, sizes: Map<string, number>) {
  const expected = `[${declared.shape.map((dim) => (typeof dim === 'number' ? dim : -1)).join(',')}]`;
  if (shape.length !== declared.shape.length) return `shape [${shape}] does not fit ${expected}`;
  for (const [axis, dim] of declared.shape.entries()) {
    const size = shape[axis]!;
    if (typeof dim === 'number' && dim !== size) return `shape [${shape}] does not fit ${expected}`;
    if (typeof dim === 'number' || dim === '?') continue;
    const before = sizes.get(dim) ?? size;
    if (before !== size) return `dimension '${dim}' is ${size} here and ${before} in another input`;
    sizes.set(dim, size);
  }
  return undefined;
}

function flatten(name: string, data: unknown, [size, ...rest]: number[]): unknown[] {
  if (size === undefined) return [data];
  if (!Array.isArray(data) || data.length !== size)
    throw new Refusal(400, `'${name}': the nesting of data is not that of its shape`);
  return rest.length === 0 ? data : data.flatMap((item) => flatten(name, item, rest));
}

function integers(
  array: { from(values: unknown[], map: (value: unknown) => number): TensorData },
  low: number,
  high: number
) {
  return (values: unknown[], name: string) => array.from(values, (value) => integer(value, low, high, name));
}

function bigIntegers(array: { from(values: unknown[], map: (value: unknown) => bigint): TensorData }, low: number) {
  return (values: unknown[], name: string) =>
    array.from(values, (value) => BigInt(integer(value, low, Number.MAX_SAFE_INTEGER, name)));
}

function integer(value: unknown, low: number, high: number, name: string): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
  throw new Refusal(400, `'${name}': ${shown(value)} is not an integer between ${low} and ${high}`);
}

function finite(number: number, value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(number)) return number;
  throw new Refusal(400, `'${name}': ${shown(value)} is not a number that the datatype can hold`);
}

function truth(value: unknown, name: string): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new Refusal(400, `'${name}': ${shown(value)} is neither true nor false`);
}

function text(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  throw new Refusal(400, `'${name}': ${shown(value)} is not a text`);
}

const elementsOf = (shape: number[]) => shape.reduce((product, dim) => product * dim, 1);

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 40) ?? 'nothing';

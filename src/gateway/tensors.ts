import type { TensorData, TensorDeclaration, TensorType, TensorValue } from '../inference/host.ts';
import { Refusal } from './errors.ts';

interface Numeric {
  type: TensorType;
  /** Throws on a JSON value that the datatype cannot hold. */
  read(values: unknown[], name: string): TensorData;
}

/** The datatypes of the Open Inference Protocol that have a JSON form here. */
const DATATYPES: Record<string, Numeric> = {
  BOOL: { type: 'bool', read: (values, name) => Uint8Array.from(values, (value) => truth(value, name)) },
  INT8: integers('int8', Int8Array, -(2 ** 7), 2 ** 7 - 1),
  INT16: integers('int16', Int16Array, -(2 ** 15), 2 ** 15 - 1),
  INT32: integers('int32', Int32Array, -(2 ** 31), 2 ** 31 - 1),
  INT64: bigIntegers('int64', BigInt64Array, Number.MIN_SAFE_INTEGER),
  UINT8: integers('uint8', Uint8Array, 0, 2 ** 8 - 1),
  UINT16: integers('uint16', Uint16Array, 0, 2 ** 16 - 1),
  UINT32: integers('uint32', Uint32Array, 0, 2 ** 32 - 1),
  UINT64: bigIntegers('uint64', BigUint64Array, 0),
  FP32: {
    type: 'float32',
    read: (values, name) => Float32Array.from(values, (value) => finite(Math.fround(value as number), value, name)),
  },
  FP64: {
    type: 'float64',
    read: (values, name) => Float64Array.from(values, (value) => finite(value as number, value, name)),
  },
};

/** The flat values of a tensor whose datatype and shape were checked; `data` may be nested as the shape is, or flat. */
export function readTensor(name: string, datatype: string, shape: number[], data: unknown): TensorValue {
  if (!Array.isArray(data)) throw new Refusal(400, `input '${name}': data must be an array`);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const values = data.some(Array.isArray) ? flatten(name, data, shape) : data;
  if (values.length !== elements)
    throw new Refusal(400, `input '${name}' of shape [${shape}] needs ${elements} elements, data has ${values.length}`);
  const { type, read } = DATATYPES[datatype]!;
  return { type, dims: shape, data: read(values, name) };
}

/** Returns why tensors of this datatype cannot be taken, or undefined. */
export function datatypeFault(datatype: string): string | undefined {
  if (DATATYPES[datatype]) return undefined;
  if (datatype === 'FP16') return 'FP16 has no JSON form; send FP32 to a model that takes it';
  if (datatype === 'BYTES') return 'BYTES is not supported: the models behind this gateway take numbers';
  return `'${datatype}' is not a datatype; supported are ${Object.keys(DATATYPES).join(', ')}`;
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
    throw new Refusal(400, `input '${name}': the nesting of data is not that of its shape`);
  return rest.length === 0 ? data : data.flatMap((item) => flatten(name, item, rest));
}

function integers(
  type: TensorType,
  array: { from(values: unknown[], map: (value: unknown) => number): TensorData },
  low: number,
  high: number
): Numeric {
  return { type, read: (values, name) => array.from(values, (value) => integer(value, low, high, name)) };
}

function bigIntegers(
  type: TensorType,
  array: { from(values: unknown[], map: (value: unknown) => bigint): TensorData },
  low: number
): Numeric {
  return {
    type,
    read: (values, name) => array.from(values, (value) => BigInt(integer(value, low, Number.MAX_SAFE_INTEGER, name))),
  };
}

function integer(value: unknown, low: number, high: number, name: string): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
  throw new Refusal(400, `input '${name}': ${shown(value)} is not an integer between ${low} and ${high}`);
}

function finite(number: number, value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(number)) return number;
  throw new Refusal(400, `input '${name}': ${shown(value)} is not a number that the datatype can hold`);
}

function truth(value: unknown, name: string): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw new Refusal(400, `input '${name}': ${shown(value)} is neither true nor false`);
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 40) ?? 'nothing';

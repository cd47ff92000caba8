import type { SessionOptions } from '../domain/measurement.ts';
import type { LoadJob } from './load/job.ts';

/** float16 travels as its bits in a Uint16Array, bool as 0 and 1 in a Uint8Array, string as the bytes of each element. */
export type TensorType =
  | 'float16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string';

export type TensorData =
  | Uint16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint32Array
  | BigUint64Array
  | Uint8Array[];

export interface TensorValue {
  type: TensorType;
  dims: number[];
  /** Row-major; as many elements as the product of `dims`. */
  data: TensorData;
}

/** An input or output as the model declares it; a dynamic dimension is its symbol, or `?` without one. */
export interface TensorDeclaration {
  name: string;
  type: string;
  shape: (number | string)[];
}

export interface RunResult {
  outputs: Record<string, TensorValue>;
  /** Wall time of `session.run` in the child, without the transport. */
  elapsedMs: number;
}

export interface LoadResult {
  inputs: TensorDeclaration[];
  outputs: TensorDeclaration[];
}

export type Command =
  | { kind: 'load'; modelPath: string; options: SessionOptions }
  | { kind: 'run'; feeds: Record<string, TensorValue> }
  | { kind: 'memory' }
  | { kind: 'load-run'; job: LoadJob }
  | { kind: 'load-progress' };

export type Request = Command & { id: number };
export type Reply = { id: number; result: unknown } | { id: number; error: string };

/** The constructor of each tensor type's data. */
export const TENSOR_DATA = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  string: Array,
} as const satisfies Record<TensorType, unknown>;

/** Returns what is wrong with a tensor, or undefined when a session may be asked to take it. */
export function tensorFault(name: string, tensor: TensorValue): string | undefined {
  const expected = TENSOR_DATA[tensor.type];
  if (!expected)
    return `tensor '${name}' is of type '${tensor.type}'; supported are ${Object.keys(TENSOR_DATA).join(', ')}`;
  if (!(tensor.data instanceof expected))
    return `tensor '${name}' of type '${tensor.type}' needs a ${expected.name}, not ${tensor.data?.constructor?.name}`;
  if (tensor.dims.some((dim) => !Number.isInteger(dim) || dim < 0))
    return `tensor '${name}' has the impossible shape [${tensor.dims}]`;
  const elements = tensor.dims.reduce((product, dim) => product * dim, 1);
  return elements === tensor.data.length
    ? undefined
    : `tensor '${name}' of shape [${tensor.dims}] needs ${elements} elements and has ${tensor.data.length}`;
}

import { TENSOR_DATA, type TensorData, type TensorType, type TensorValue } from './protocol.ts';

/** Datatypes of the Open Inference Protocol v2 by ONNX Runtime's names. */
const DATATYPES: Record<TensorType, string> = {
  bool: 'BOOL',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

const LENGTH_BYTES = 4;

export interface JsonTensor {
  name: string;
  shape: number[];
  datatype: string;
  parameters?: { binary_data_size?: number };
  data?: unknown[];
}

/** A type without a datatype keeps its name. */
export function datatypeOf(type: string): string {
  return DATATYPES[type as TensorType] ?? type;
}

/** A datatype that is not known keeps its name. */
export function typeOf(datatype: string): string {
  return Object.entries(DATATYPES).find(([, name]) => name === datatype)?.[0] ?? datatype;
}

/** JSON has no NaN and no infinity, and no integers beyond 2^53: the former were refused before, the latter round. */
export function writeTensor(name: string, { type, dims, data }: TensorValue): JsonTensor {
  return { name, shape: dims, datatype: datatypeOf(type), data: jsonValues(type, data) };
}

function jsonValues(type: TensorType, data: TensorData): unknown[] {
  if (type === 'bool') return Array.from(data as Uint8Array, (value) => value !== 0);
  if (type === 'string') return (data as Uint8Array[]).map((bytes) => Buffer.from(bytes).toString());
  if (type === 'int64' || type === 'uint64') return Array.from(data as BigInt64Array, Number);
  return Array.from(data as Float32Array);
}

/** The floating-point outputs of an answer; others are left out. */
export function readFloats(outputs: JsonTensor[]): Record<string, TensorValue> {
  const floats = outputs.filter(({ datatype }) => datatype === 'FP32' || datatype === 'FP64');
  return Object.fromEntries(
    floats.map(({ name, shape, data }) => [
      name,
      { type: 'float64', dims: shape, data: Float64Array.from(data as number[]) as TensorData },
    ])
  );
}

/** Little-endian and row-major, as on every host that this runs on; of BYTES each element after its length. */
export function binaryOf({ data }: TensorValue): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    data.flatMap((element) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(element.length);
      return [length, element];
    })
  );
}

/** The elements in `bytes`; throws a `RangeError` unless there are as many as `elements`. */
export function readBinary(type: TensorType, elements: number, bytes: Buffer): TensorData {
  if (type === 'string') return readByteElements(elements, bytes);
  const Data = TENSOR_DATA[type] as typeof Float32Array;
  const expected = elements * Data.BYTES_PER_ELEMENT;
  if (bytes.length !== expected)
    throw new RangeError(`${elements} elements are ${expected} bytes, not ${bytes.length}`);
  const isAligned = bytes.byteOffset % Data.BYTES_PER_ELEMENT === 0;
  const source = isAligned ? bytes : Uint8Array.from(bytes);
  const data = new Data(source.buffer as ArrayBuffer, source.byteOffset, elements);
  if (type === 'bool' && data.some((value) => value > 1)) throw new RangeError('BOOL has a byte other than 0 and 1');
  return data;
}

function readByteElements(elements: number, bytes: Buffer): Uint8Array[] {
  const read: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) throw new RangeError(`the length of element ${read.length} is cut off`);
    const from = at + LENGTH_BYTES;
    at = from + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new RangeError(`element ${read.length} is cut off`);
    read.push(bytes.subarray(from, at));
  }
  if (read.length !== elements) throw new RangeError(`${elements} elements are needed, there are ${read.length}`);
  return read;
}

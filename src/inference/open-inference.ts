import type { TensorData, TensorType, TensorValue } from './protocol.ts';

/** Datatypes of the Open Inference Protocol v2 by ONNX Runtime's names. */
const DATATYPES: Record<TensorType | 'string', string> = {
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

export interface JsonTensor {
  name: string;
  shape: number[];
  datatype: string;
  data: (number | boolean)[];
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
  const values = Array.from(data as ArrayLike<number | bigint>, (value) =>
    type === 'bool' ? value !== 0 : Number(value)
  );
  return { name, shape: dims, datatype: datatypeOf(type), data: values };
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

import type { RunResult, TensorDeclaration, TensorType, TensorValue } from '../inference/host.ts';
import { binaryOf, datatypeOf, type JsonTensor, writeTensor } from '../inference/open-inference.ts';
import { Refusal } from './errors.ts';
import { readBinaryTensor, readTensor, shapeFault } from './tensors.ts';

const LONGEST_ID = 200;

/** Tells how many bytes of the body are JSON; the tensors follow it as raw bytes. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** How a server says that it takes and gives raw tensors. */
export const BINARY_EXTENSION = 'binary_tensor_data';

/** An inference request of the Open Inference Protocol v2, checked against the model. */
export interface InferRequest {
  id: string | undefined;
  feeds: Record<string, TensorValue>;
  /** First dimension of the inputs: what is compared row by row. */
  rows: number;
  /** The outputs that the client wants. */
  outputs: WantedOutput[];
}

interface WantedOutput {
  name: string;
  binary: boolean;
}

interface Signature {
  inputs: TensorDeclaration[];
  outputs: TensorDeclaration[];
}

/** Takes the next raw tensor of so many bytes. */
type TakeBinary = (bytes: unknown) => Buffer;

export function readInferRequest(body: unknown, jsonLength: string | undefined, model: Signature): InferRequest {
  const { json, binary } = splitBody(body, jsonLength);
  if (!isObject(json)) throw new Refusal(400, 'the body must be a JSON object with inputs');
  if (json.id !== undefined && !isId(json.id))
    throw new Refusal(400, `id must be a string of 1 to ${LONGEST_ID} characters`);
  if (!Array.isArray(json.inputs)) throw new Refusal(400, 'inputs must be an array of tensors');
  let taken = 0;
  const feeds = readInputs(json.inputs, model.inputs, (bytes) => {
    if (!Number.isSafeInteger(bytes) || (bytes as number) < 0)
      throw new Refusal(400, 'binary_data_size must be a whole number of bytes');
    const from = taken;
    taken += bytes as number;
    if (taken > binary.length)
      throw new Refusal(400, `the binary tensors end after ${binary.length} bytes, binary_data_size names ${taken}`);
    return binary.subarray(from, taken);
  });
  if (taken < binary.length)
    throw new Refusal(
      400,
      `${binary.length - taken} bytes follow the last binary tensor; binary_data_size names ${taken}`
    );
  const rows = feeds[model.inputs[0]!.name]!.dims[0] ?? 1;
  return { id: json.id, feeds, rows, outputs: readOutputs(json.outputs, json.parameters, model.outputs) };
}

function splitBody(body: unknown, jsonLength: string | undefined): { json: unknown; binary: Buffer } {
  if (!Buffer.isBuffer(body)) return { json: body, binary: Buffer.alloc(0) };
  const length = Number(jsonLength);
  if (!Number.isSafeInteger(length) || length < 1 || length > body.length)
    throw new Refusal(400, `Inference-Header-Content-Length is '${jsonLength}', the body has ${body.length} bytes`);
  try {
    return { json: JSON.parse(body.toString('utf8', 0, length)), binary: body.subarray(length) };
  } catch {
    throw new Refusal(400, `the first ${length} bytes, as Inference-Header-Content-Length says, are not JSON`);
  }
}

function readInputs(inputs: unknown[], declared: TensorDeclaration[], take: TakeBinary): Record<string, TensorValue> {
  const feeds: Record<string, TensorValue> = {};
  const sizes = new Map<string, number>();
  for (const input of inputs) {
    if (!isObject(input) || typeof input.name !== 'string') throw new Refusal(400, 'every input must have a name');
    const declaration = declared.find(({ name }) => name === input.name);
    if (!declaration)
      throw new Refusal(400, `the model has no input '${input.name}'; it has ${namesOf(declared).join(', ')}`);
    if (feeds[input.name]) throw new Refusal(400, `input '${input.name}' is given twice`);
    feeds[input.name] = readInput(input, declaration, sizes, take);
  }
  const missing = namesOf(declared).filter((name) => !feeds[name]);
  if (missing.length > 0) throw new Refusal(400, `inputs are missing: ${missing.join(', ')}`);
  return feeds;
}

function readInput(
  { name, datatype, shape, data, parameters }: Record<string, unknown>,
  declared: TensorDeclaration,
  sizes: Map<string, number>,
  take: TakeBinary
): TensorValue {
  const refuse = (fault: string) => new Refusal(400, `input '${name}': ${fault}`);
  if (typeof datatype !== 'string') throw refuse('datatype is missing');
  const expected = datatypeOf(declared.type);
  if (datatype !== expected) throw refuse(`datatype is '${datatype.slice(0, 40)}', the model takes ${expected}`);
  if (!isShape(shape)) throw refuse('shape must be an array of positive integers');
  const misfit = shapeFault(shape, declared, sizes);
  if (misfit) throw refuse(misfit);
  const size = isObject(parameters) ? parameters.binary_data_size : undefined;
  if (size === undefined) return readTensor(declared.name, declared.type as TensorType, shape, data);
  if (data !== undefined) throw refuse('give either data or binary_data_size, not both');
  return readBinaryTensor(declared.name, declared.type as TensorType, shape, take(size));
}

function readOutputs(outputs: unknown, parameters: unknown, declared: TensorDeclaration[]): WantedOutput[] {
  const allBinary = isObject(parameters) && parameters.binary_data_output === true;
  if (outputs !== undefined && !Array.isArray(outputs)) throw new Refusal(400, 'outputs must be an array');
  const wanted = (outputs ?? namesOf(declared).map((name) => ({ name }))).map((output: unknown) => {
    const { name, parameters: own } = isObject(output) ? output : {};
    const declaration = declared.find((one) => one.name === name);
    if (!declaration)
      throw new Refusal(
        400,
        `the model has no output ${JSON.stringify(name) ?? 'without a name'}; it has ${namesOf(declared).join(', ')}`
      );
    const binary = isObject(own) && typeof own.binary_data === 'boolean' ? own.binary_data : allBinary;
    if (!binary && declaration.type === 'float16')
      throw new Refusal(400, `output '${declaration.name}' is FP16, which has no JSON form; ask for binary_data`);
    return { name: declaration.name, binary };
  });
  if (new Set(wanted.map(({ name }) => name)).size < wanted.length)
    throw new Refusal(400, 'outputs names an output twice');
  return wanted;
}

export interface Served {
  model: string;
  version: string;
  id: string;
  arm: 'twin' | 'candidate';
  bucket: number;
  result: RunResult;
  outputs: WantedOutput[];
}

interface InferAnswer {
  headers: Record<string, string>;
  body: object | Buffer;
}

export function inferResponse({ model, version, id, arm, bucket, result, outputs }: Served): InferAnswer {
  const binaries: Buffer[] = [];
  const tensors = outputs.map(({ name, binary }): JsonTensor => {
    const value = result.outputs[name]!;
    if (!binary) return writeTensor(name, value);
    const bytes = binaryOf(value);
    binaries.push(bytes);
    const parameters = { binary_data_size: bytes.length };
    return { name, shape: value.dims, datatype: datatypeOf(value.type), parameters };
  });
  const body = { model_name: model, model_version: version, id, parameters: { arm, bucket }, outputs: tensors };
  if (binaries.length === 0) return { headers: {}, body };
  const json = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(json.length) };
  return { headers, body: Buffer.concat([json, ...binaries]) };
}

export function modelMetadata(name: string, versions: string[], { inputs, outputs }: Signature) {
  const tensors = (declared: TensorDeclaration[]) =>
    declared.map((tensor) => ({
      name: tensor.name,
      datatype: datatypeOf(tensor.type),
      shape: tensor.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
    }));
  return { name, versions, platform: 'onnx_onnxv1', inputs: tensors(inputs), outputs: tensors(outputs) };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= LONGEST_ID;

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length > 0 && shape.every((dim) => Number.isSafeInteger(dim) && dim > 0);
}

const namesOf = (declared: TensorDeclaration[]) => declared.map(({ name }) => name);

import type { RunResult, TensorDeclaration, TensorValue } from '../inference/host.ts';
import { datatypeOf, writeTensor } from '../inference/open-inference.ts';
import { Refusal } from './errors.ts';
import { datatypeFault, readTensor, shapeFault } from './tensors.ts';

const LONGEST_ID = 200;

/** An inference request of the Open Inference Protocol v2, checked against the model. */
export interface InferRequest {
  id: string | undefined;
  feeds: Record<string, TensorValue>;
  /** First dimension of the inputs: what is compared row by row. */
  rows: number;
  /** Names of the outputs that the client wants. */
  outputs: string[];
}

interface Signature {
  inputs: TensorDeclaration[];
  outputs: TensorDeclaration[];
}

export function readInferRequest(body: unknown, model: Signature): InferRequest {
  if (!isObject(body)) throw new Refusal(400, 'the body must be a JSON object with inputs');
  if (body.id !== undefined && !isId(body.id))
    throw new Refusal(400, `id must be a string of 1 to ${LONGEST_ID} characters`);
  if (!Array.isArray(body.inputs)) throw new Refusal(400, 'inputs must be an array of tensors');
  const feeds = readInputs(body.inputs, model.inputs);
  const rows = feeds[model.inputs[0]!.name]!.dims[0]!;
  return { id: body.id, feeds, rows, outputs: readOutputs(body.outputs, model.outputs) };
}

function readInputs(inputs: unknown[], declared: TensorDeclaration[]): Record<string, TensorValue> {
  const feeds: Record<string, TensorValue> = {};
  const sizes = new Map<string, number>();
  for (const input of inputs) {
    if (!isObject(input) || typeof input.name !== 'string') throw new Refusal(400, 'every input must have a name');
    const declaration = declared.find(({ name }) => name === input.name);
    if (!declaration)
      throw new Refusal(400, `the model has no input '${input.name}'; it has ${namesOf(declared).join(', ')}`);
    if (feeds[input.name]) throw new Refusal(400, `input '${input.name}' is given twice`);
    feeds[input.name] = readInput(input, declaration, sizes);
  }
  const missing = namesOf(declared).filter((name) => !feeds[name]);
  if (missing.length > 0) throw new Refusal(400, `inputs are missing: ${missing.join(', ')}`);
  return feeds;
}

function readInput(
  { name, datatype, shape, data, parameters }: Record<string, unknown>,
  declared: TensorDeclaration,
  sizes: Map<string, number>
): TensorValue {
  const refuse = (fault: string) => new Refusal(400, `input '${name}': ${fault}`);
  if (typeof datatype !== 'string') throw refuse('datatype is missing');
  const fault = datatypeFault(datatype);
  if (fault) throw refuse(fault);
  const expected = datatypeOf(declared.type);
  if (datatype !== expected) throw refuse(`datatype is ${datatype}, the model takes ${expected}`);
  if (!isShape(shape)) throw refuse('shape must be an array of positive integers');
  const misfit = shapeFault(shape, declared, sizes);
  if (misfit) throw refuse(misfit);
  if (isObject(parameters) && parameters.binary_data_size !== undefined)
    throw refuse('the binary extension is not supported; give the tensor as JSON in data');
  return readTensor(declared.name, datatype, shape, data);
}

function readOutputs(outputs: unknown, declared: TensorDeclaration[]): string[] {
  if (outputs === undefined) return namesOf(declared);
  if (!Array.isArray(outputs)) throw new Refusal(400, 'outputs must be an array');
  return outputs.map((output: unknown) => {
    const name = isObject(output) ? output.name : undefined;
    if (typeof name === 'string' && namesOf(declared).includes(name)) return name;
    throw new Refusal(
      400,
      `the model has no output ${JSON.stringify(name) ?? 'without a name'}; it has ${namesOf(declared).join(', ')}`
    );
  });
}

export interface Served {
  model: string;
  id: string;
  arm: 'twin' | 'candidate';
  bucket: number;
  result: RunResult;
  outputs: string[];
}

export function inferResponse({ model, id, arm, bucket, result, outputs }: Served) {
  return {
    model_name: model,
    id,
    parameters: { arm, bucket },
    outputs: outputs.map((name) => writeTensor(name, result.outputs[name]!)),
  };
}

export function modelMetadata(name: string, { inputs, outputs }: Signature) {
  const tensors = (declared: TensorDeclaration[]) =>
    declared.map((tensor) => ({
      name: tensor.name,
      datatype: datatypeOf(tensor.type),
      shape: tensor.shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
    }));
  return { name, platform: 'onnx_onnxv1', inputs: tensors(inputs), outputs: tensors(outputs) };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= LONGEST_ID;

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length > 0 && shape.every((dim) => Number.isSafeInteger(dim) && dim > 0);
}

const namesOf = (declared: TensorDeclaration[]) => declared.map(({ name }) => name);

import { readFileSync } from 'node:fs';
import { DataType, type Table, tableFromIPC, type Vector } from 'apache-arrow';
import { DatasetInvalid } from './errors.ts';
import type { TensorData, TensorDeclaration, TensorValue } from './protocol.ts';

/** Prepared rows in memory. */
export interface Dataset {
  rows: number;
  ids: string[];
  /** Class index of each row; throws where rows have no class. */
  readonly labels: Int32Array;
  /** Gold similarity of each pair of texts; throws where rows are no pairs. */
  readonly similarities: Float64Array;
  /** Slice value of each row, per slice column. */
  slices: Record<string, string[]>;
  /** Names of the input columns. */
  inputs: string[];
  /** Elements of the longest list of a row, input or not. */
  lengthOf(row: number): number;
  /** Standard deviation of the elements of the longest list of a row: of an image, its contrast. */
  spreadOf(row: number): number;
  /** One row as a batch of 1, in the types and shapes that the model declares. */
  feeds(row: number): Record<string, TensorValue>;
  /** The same of the second text of a pair; undefined where there is none. */
  secondFeeds(row: number): Record<string, TensorValue> | undefined;
  /** What the preparation kept for scoring the answer. */
  cellOf(row: number): unknown;
}

const SECOND = 'second.';

type Numbers = Exclude<TensorData, Uint16Array | BigUint64Array | Uint8Array[]>;

/** Reads prepared data for a model's inputs; throws `DatasetInvalid` that names the file and the column. */
export function readDataset(path: string, declarations: TensorDeclaration[]): Dataset {
  const table = readTable(path);
  if (table.numRows === 0) throw new DatasetInvalid(`${path} has no rows`);
  const column = (name: string, wanted: string, fits: (type: DataType) => boolean): Vector => {
    const vector = table.getChild(name);
    const has = table.schema.fields.map((field) => field.name).join(', ');
    if (!vector) throw new DatasetInvalid(`${path} has no column '${name}' (${wanted}); it has ${has}`);
    if (!fits(vector.type)) throw new DatasetInvalid(`${path}: column '${name}' is ${vector.type}, not ${wanted}`);
    if (vector.nullCount > 0) throw new DatasetInvalid(`${path}: column '${name}' has ${vector.nullCount} empty cells`);
    return vector;
  };
  const listsOf = (prefix: string) =>
    declarations.map((declaration) => ({
      declaration,
      vector: column(
        `${prefix}${declaration.name}`,
        'a list of numbers, for the model input of that name',
        isNumberList
      ),
    }));
  const lists = listsOf('');
  const seconds = table.schema.fields.some(({ name }) => name.startsWith(SECOND)) ? listsOf(SECOND) : undefined;
  const sequences = table.schema.fields
    .filter(({ type }) => isNumberList(type))
    .map(({ name }) => table.getChild(name)!);
  const numbers = (vector: Vector, row: number) => vector.get(row).toArray() as Numbers;
  let labels: Int32Array | undefined;
  const feedsOf = (from: typeof lists, row: number) =>
    Object.fromEntries(
      from.map(({ declaration, vector }) => [declaration.name, tensorOf(path, row, declaration, numbers(vector, row))])
    );
  const longest = (row: number) =>
    sequences.map((vector) => numbers(vector, row)).reduce((most, list) => (list.length > most.length ? list : most));
  return {
    rows: table.numRows,
    ids: [...column('id', 'utf8', isText)],
    get labels() {
      labels ??= Int32Array.from(column('label', 'int32', (type) => DataType.isInt(type) && type.bitWidth <= 32));
      return labels;
    },
    get similarities() {
      return Float64Array.from(column('similarity', 'float64', (type) => DataType.isFloat(type)));
    },
    slices: Object.fromEntries(
      table.schema.fields
        .filter((field) => field.name !== 'id' && isText(field.type))
        .map(({ name }) => [name, [...column(name, 'utf8', isText)]])
    ),
    inputs: declarations.map((declaration) => declaration.name),
    lengthOf: (row) => Math.max(0, ...sequences.map((vector) => numbers(vector, row).length)),
    spreadOf: (row) => spread(longest(row)),
    feeds: (row) => feedsOf(lists, row),
    secondFeeds: (row) => seconds && feedsOf(seconds, row),
    cellOf: (row) =>
      JSON.parse(new TextDecoder().decode(column('row', 'binary', (type) => DataType.isBinary(type)).get(row))),
  };
}

function spread(list: Numbers): number {
  const values = Float64Array.from(list as Iterable<number | bigint>, Number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

export function readTable(path: string): Table {
  const bytes = readFileSync(path);
  try {
    return tableFromIPC(bytes);
  } catch (cause) {
    throw new DatasetInvalid(`${path} is not an Arrow IPC file: ${(cause as Error).message}`, { cause });
  }
}

const isText = (type: DataType): boolean =>
  DataType.isUtf8(type) ||
  DataType.isLargeUtf8(type) ||
  (DataType.isDictionary(type) && isText((type as unknown as { dictionary: DataType }).dictionary));

function isNumberList(type: DataType): boolean {
  if (!DataType.isList(type) && !DataType.isFixedSizeList(type)) return false;
  const element = type.children[0]!.type;
  return DataType.isInt(element) || (DataType.isFloat(element) && element.precision > 0);
}

function tensorOf(path: string, row: number, { name, type, shape }: TensorDeclaration, numbers: Numbers): TensorValue {
  const dims = batchOfOne(shape, numbers.length);
  if (!dims)
    throw new DatasetInvalid(
      `${path}: row ${row} of '${name}' has ${numbers.length} elements, not a [${shape}] batch of 1`
    );
  return { dims, ...typed(numbers, type, () => `${path}: column '${name}'`) };
}

/** The model's declared type: whole numbers may be int64 or int32, all else must already have it. */
function typed(numbers: Numbers, type: string, where: () => string): Pick<TensorValue, 'type' | 'data'> {
  if (type === 'int64')
    return {
      type,
      data: numbers instanceof BigInt64Array ? numbers.slice() : BigInt64Array.from(wholes(numbers, where)),
    };
  if (type === 'int32')
    return {
      type,
      data: numbers instanceof Int32Array ? numbers.slice() : Int32Array.from(numbers as Iterable<never>, Number),
    };
  if (type === 'float32' && numbers instanceof Float32Array) return { type, data: numbers.slice() };
  if (type === 'float64' && numbers instanceof Float64Array) return { type, data: numbers.slice() };
  if (type === 'uint8' && numbers instanceof Uint8Array) return { type, data: numbers.slice() };
  throw new DatasetInvalid(`${where()} holds ${numbers.constructor.name} elements, and the model input is ${type}`);
}

function wholes(numbers: Exclude<Numbers, BigInt64Array>, where: () => string): bigint[] {
  if (numbers instanceof Float32Array || numbers instanceof Float64Array)
    throw new DatasetInvalid(`${where()} holds fractions, and the model input is int64`);
  return Array.from(numbers, BigInt);
}

/** The declared shape with 1 for the batch and the one other open dimension filled in; undefined if it cannot fit. */
function batchOfOne(shape: (number | string)[], elements: number): number[] | undefined {
  const rest = shape.slice(1);
  const fixed = rest.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const open = rest.filter((dim) => typeof dim === 'string').length;
  if (open > 1 || (open === 0 && fixed !== elements) || (open === 1 && elements % fixed !== 0)) return undefined;
  if (typeof shape[0] === 'number' && shape[0] !== 1) return undefined;
  return [1, ...rest.map((dim) => (typeof dim === 'number' ? dim : elements / fixed))];
}

import { Readable } from 'node:stream';
import { jsonOf } from '../domain/json.ts';
import { Refusal } from './errors.ts';
import { isId, isObject } from './protocol.ts';
import type { Route } from './route.ts';
import type { Routes } from './routes.ts';
import type { Store } from './store.ts';

const FIRST_VERSION = 1;
const LINES_PER_BATCH = 1_000;
const LONGEST_LINE = 1_000_000;

interface RowLabel {
  route: Route;
  id: string;
  row: number;
  label: number;
  version: number;
}

export interface FeedbackResult {
  /** Labels that count, now or as soon as their comparison is there; later versions of earlier ones included. */
  accepted: number;
  duplicate: number;
  /** Labels of predictions that were not compared, or are no longer kept. */
  unknown: number;
}

export const NDJSON = 'application/x-ndjson';

/**
 * Takes true labels, of one prediction or of many; all are checked before any is counted, and kept when it returns. A
 * stream of lines is counted batch by batch: where a line is refused, what came in earlier batches stays counted.
 */
export async function takeFeedback(body: unknown, routes: Routes, store: Store): Promise<FeedbackResult> {
  const result: FeedbackResult = { accepted: 0, duplicate: 0, unknown: 0 };
  if (body instanceof Readable) {
    await takeLines(body, (items) => takeItems(items, result, routes, store));
    return result;
  }
  const at = (index: number) => (Array.isArray(body) ? `[${index}]: ` : '');
  const items = Array.isArray(body) ? body : [body];
  takeItems(
    items.map((item, index) => ({ item, at: at(index) })),
    result,
    routes,
    store
  );
  return result;
}

interface Item {
  item: unknown;
  /** Where it stood, for messages. */
  at: string;
}

function takeItems(items: Item[], result: FeedbackResult, routes: Routes, store: Store): void {
  const labels = items.flatMap(({ item, at }) => readItem(item, at, routes));
  for (const { route, id, row, label, version } of labels) result[route.recordLabel(id, row, label, version)]++;
  store.commit();
}

async function takeLines(stream: Readable, take: (items: Item[]) => void): Promise<void> {
  let line = 0;
  let batch: Item[] = [];
  for await (const text of linesOf(stream)) {
    line++;
    if (text.trim() === '') continue;
    batch.push({ item: parseLine(text, line), at: `line ${line}: ` });
    if (batch.length < LINES_PER_BATCH) continue;
    take(batch);
    batch = [];
  }
  take(batch);
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) throw new Refusal(413, `a line is longer than ${LONGEST_LINE} characters`);
    yield* lines;
  }
  yield rest;
}

function parseLine(text: string, line: number): unknown {
  const item = jsonOf(text);
  if (item === undefined) throw new Refusal(400, `line ${line}: is not JSON`);
  return item;
}

function readItem(item: unknown, at: string, routes: Routes): RowLabel[] {
  if (!isObject(item)) throw new Refusal(400, `${at}feedback must be an object with model, id and label`);
  const { model, id, label, labels, version = FIRST_VERSION } = item;
  if (typeof model !== 'string') throw new Refusal(400, `${at}model is missing`);
  if (!isId(id)) throw new Refusal(400, `${at}id must be the id of the prediction`);
  if ((label === undefined) === (labels === undefined))
    throw new Refusal(400, `${at}give either label, or labels with one per row`);
  if (labels !== undefined && !Array.isArray(labels)) throw new Refusal(400, `${at}labels must be an array`);
  if (!Number.isSafeInteger(version) || (version as number) < 0)
    throw new Refusal(400, `${at}version must be a whole number`);
  const route = routes.get(model);
  return (Array.isArray(labels) ? labels : [label]).map((value: unknown, row) => ({
    route,
    id,
    row,
    label: classOf(value, route.state.config.labels, at),
    version: version as number,
  }));
}

function classOf(value: unknown, names: string[], at: string): number {
  const index = typeof value === 'string' ? names.indexOf(value) : value;
  if (Number.isInteger(index) && (index as number) >= 0 && (index as number) < names.length) return index as number;
  throw new Refusal(400, `${at}${JSON.stringify(value)} is neither a class name nor an index below ${names.length}`);
}

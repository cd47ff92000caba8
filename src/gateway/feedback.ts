import { Refusal } from './errors.ts';
import { isId, isObject } from './protocol.ts';
import type { Route } from './route.ts';
import type { Routes } from './routes.ts';
import type { Store } from './store.ts';

const FIRST_VERSION = 1;

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

/** Takes true labels, of one prediction or of many; all are checked before any is counted, and kept when it returns. */
export function takeFeedback(body: unknown, routes: Routes, store: Store): FeedbackResult {
  const items = Array.isArray(body) ? body : [body];
  const labels = items.flatMap((item, index) => readItem(item, Array.isArray(body) ? `[${index}]: ` : '', routes));
  const result: FeedbackResult = { accepted: 0, duplicate: 0, unknown: 0 };
  for (const { route, id, row, label, version } of labels) result[route.recordLabel(id, row, label, version)]++;
  store.commit();
  return result;
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

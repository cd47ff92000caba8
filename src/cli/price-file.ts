import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { importAzure, importEc2Instances, importSkypilot } from '../domain/price-import.ts';
import { checkPrices, type PriceRow, readPrices } from '../domain/prices.ts';
import type { SpecProblem } from '../domain/spec-problems.ts';

const SHIPPED = fileURLToPath(new URL('../../prices/prices.csv', import.meta.url));

/** `field` is what problems of the file are named by. The list that ships, or the user's: ours, SkyPilot's CSV, ec2instances.info's or Azure's JSON, told by its content. */
export function readPriceFile(path = SHIPPED, field = '--prices'): { rows: PriceRow[] } | { problems: SpecProblem[] } {
  if (!existsSync(path)) return { problems: [{ path: field, value: path, message: 'there is no such file' }] };
  try {
    return readAny(path, readFileSync(path, 'utf8'));
  } catch (error) {
    return { problems: [{ path: field, value: path, message: unreadable(error) }] };
  }
}

/** An imported list says no date: its file's is taken. */
function readAny(path: string, text: string): { rows: PriceRow[] } | { problems: SpecProblem[] } {
  const date = statSync(path).mtime.toISOString().slice(0, 10);
  if (/^\s*[[{]/.test(text)) {
    const document: unknown = JSON.parse(text);
    if (Array.isArray(document)) return checkPrices(importEc2Instances(document, { date }));
    return checkPrices(importAzure(document, { date, known: shippedRows() }));
  }
  if (!text.startsWith('InstanceType,')) return readPrices(text);
  return checkPrices(importSkypilot(text, { provider: basename(path, '.csv'), date }));
}

function shippedRows(): PriceRow[] {
  const shipped = readPrices(readFileSync(SHIPPED, 'utf8'));
  return 'rows' in shipped ? shipped.rows : [];
}

function unreadable(error: unknown): string {
  const formats = 'give our CSV, a SkyPilot vms.csv, an ec2instances.info instances.json or Azure retail prices';
  const why = error instanceof z.ZodError ? z.prettifyError(error).slice(0, 300) : (error as Error).message;
  return `cannot be read (${why}); ${formats}`;
}

import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { jsonSchemaOf, keysOf } from './schema-keys.ts';
import { SEPARATOR, wordsOf } from './schema-words.ts';
import { TASK_SETTINGS } from './tasks.ts';

export interface SpecProblem {
  path: string;
  value?: unknown;
  message: string;
}

/** The document as its schema has it, or every mistake in it with path, value, what is allowed and the nearest name. */
export function readAs<T extends z.ZodType>(
  schema: T,
  document: unknown
): { data: z.output<T> } | { problems: SpecProblem[] } {
  const parsed = schema.safeParse(document, { error: wordsOf, reportInput: true });
  if (parsed.success) return { data: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, schema, document)) };
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, document: unknown): SpecProblem[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      value: at(document, [...path, key]),
      message:
        otherTask(path, key, document) ??
        `is not a known key; ${meant(key, message.split(SEPARATOR), schema) ?? `remove it, or write one of ${message}`}`,
    }));
  if (issue.code === 'invalid_union' && message === '')
    return nearestAlternative(issue.errors).flatMap((each) =>
      problemsOf({ ...each, path: [...path, ...each.path] }, schema, document)
    );
  const value = at(document, path);
  const isSaid = value !== undefined || message.startsWith('is missing');
  return [{ path: path.join('.') || '(the document)', value, message: isSaid ? message : `is missing; ${message}` }];
}

/** The alternative that most of what is written fits; where none is of its type, the types of all. */
function nearestAlternative(alternatives: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  const isOfType = (issues: z.core.$ZodIssue[]) =>
    !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const [best] = alternatives.filter(isOfType).sort((a, b) => a.length - b.length);
  if (best) return best;
  const [first, ...rest] = new Map(alternatives.map(([issue]) => [issue!.message, issue!])).values();
  return [
    {
      ...first!,
      message: [first!.message, ...rest.map(({ message }) => message.replace('must be ', ''))].join(' or '),
    },
  ];
}

/** A setting of another task is misplaced rather than misspelt. */
function otherTask(path: readonly PropertyKey[], key: string, document: unknown): string | undefined {
  const isOther = path.length === 1 && path[0] === 'model' && TASK_SETTINGS.includes(key);
  return isOther ? `is no setting of ${at(document, ['model', 'task'])}; remove it` : undefined;
}

/** A known key that is spelt nearly so, or the one of that name elsewhere in the file. */
function meant(key: string, known: string[], schema: z.ZodType): string | undefined {
  const near = nearest(key, known);
  if (near) return `did you mean ${near}?`;
  const all = keysOf(jsonSchemaOf(schema));
  const places = new Set(all.flatMap(({ path }) => (path.endsWith(`.${key}`) ? [path] : [])));
  return places.size === 1 ? `did you mean ${[...places][0]}?` : undefined;
}

function at(document: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}

import type { z } from 'zod';
import { TASK_SETTINGS } from './tasks.ts';

export interface SpecProblem {
  path: string;
  value?: unknown;
  message: string;
}

/** The issue as problems with path, value and what to do. */
export function problemsOf(issue: z.core.$ZodIssue, document: unknown): SpecProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      value: at(document, [...issue.path, key]),
      message: unknownKey(issue.path, key, document),
    }));
  const value = at(document, issue.path);
  return [
    {
      path: issue.path.join('.') || '(the document)',
      value,
      message: value === undefined ? missing(issue) : issue.message,
    },
  ];
}

/** A setting of another task is misplaced rather than misspelt. */
function unknownKey(path: readonly PropertyKey[], key: string, document: unknown): string {
  if (path.length === 1 && path[0] === 'model' && TASK_SETTINGS.includes(key))
    return `is no setting of ${at(document, ['model', 'task'])}; remove it`;
  return 'is not a known key; remove it or correct its spelling';
}

function missing(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `is missing; give a ${issue.expected}` : `is missing (${issue.message})`;
}

function at(document: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}

import type { z } from 'zod';

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
      message: 'is not a known key; remove it or correct its spelling',
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

function missing(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `is missing; give a ${issue.expected}` : `is missing (${issue.message})`;
}

function at(document: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}

import { z } from 'zod';
import { nearest } from './nearest.ts';

type Raw = z.core.$ZodRawIssue;

/** What stands between the known keys of an object in the words of an issue about unknown ones. */
export const SEPARATOR = ', ';

/** What is allowed, where the schema has no sentence of its own. Of unknown keys, those that are known. */
export function wordsOf(issue: Raw): string | undefined {
  if (issue.code === 'invalid_type') return isAbsent(issue) ? absent(issue, named(issue)) : `must be ${named(issue)}`;
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    return isAbsent(issue) ? absent(issue, listed(known)) : strange(issue.input, known);
  }
  if (issue.code === 'too_small') return bound(issue, issue.minimum, issue.inclusive ? 'at least' : 'above');
  if (issue.code === 'too_big') return bound(issue, issue.maximum, issue.inclusive ? 'at most' : 'below');
  if (issue.code === 'invalid_format') return FORMATS[issue.format];
  if (issue.code === 'unrecognized_keys') return keysOfObject(issue).join(SEPARATOR);
  if (issue.code === 'invalid_union')
    return issue.options ? unmatched(issue, (issue.options as unknown[]).map(String)) : '';
  return undefined;
}

/** Of a name that is none of those there are. */
function strange(name: unknown, known: readonly string[]): string {
  const meant = typeof name === 'string' ? nearest(name, known) : undefined;
  return `must be ${listed(known)}${meant ? `; did you mean ${meant}?` : ''}`;
}

const listed = (known: readonly string[]) => (known.length > 1 ? `one of ${known.join(', ')}` : known.join());

const FORMATS: Record<string, string> = {
  email: 'must be a mail address, such as ana@example.org',
  url: 'must be a URL, such as http://127.0.0.1:8080',
};

const NAMES: Record<string, string> = {
  string: 'a text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
};

function named(issue: Raw & { code: 'invalid_type' }): string {
  const required = keysOfObject(issue, ({ _zod }) => _zod.optin === undefined);
  if (issue.expected === 'object') return `an object${required.length > 0 ? ` with ${required.join(', ')}` : ''}`;
  return NAMES[issue.expected] ?? `a ${issue.expected}`;
}

const isAbsent = ({ input }: Raw) => input === undefined || input === null;

function absent({ input, inst }: Raw, wanted: string): string {
  const about = inst instanceof z.ZodType ? inst.description : undefined;
  return `is ${input === null ? 'empty' : 'missing'}; give ${wanted}${about ? `: ${about}` : ''}`;
}

function bound({ origin }: { origin: string }, limit: number | bigint, than: string): string {
  if (origin === 'string') return limit === 1 ? 'must not be empty' : `must have ${than} ${limit} characters`;
  if (origin === 'array') return `must have ${than} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `must be ${than} ${limit}`;
}

function keysOfObject({ inst }: Raw, isWanted = (_schema: z.core.$ZodType) => true): string[] {
  if (!(inst instanceof z.ZodObject)) return [];
  return Object.entries<z.core.$ZodType>(inst.shape).flatMap(([key, schema]) => (isWanted(schema) ? [key] : []));
}

function unmatched({ input, discriminator, ...issue }: Raw & { code: 'invalid_union' }, known: string[]): string {
  const given = (input as Record<string, unknown>)[String(discriminator)];
  const each = { ...issue, input: given } as Raw;
  return isAbsent(each) ? absent(each, listed(known)) : strange(given, known);
}

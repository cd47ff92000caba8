/** As much of JSON Schema as the server describes a specification with. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: string[];
  const?: unknown;
  default?: unknown;
  description?: string;
}

export type Path = (string | number)[];

/** Alternatives of objects as one object with the keys of all. */
export function merged(schema: Schema): Schema {
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  if (!alternatives.some(({ properties }) => properties)) return schema;
  const properties: Record<string, Schema> = {};
  for (const alternative of alternatives)
    for (const [key, value] of Object.entries(alternative.properties ?? {})) {
      const known = properties[key];
      const constants = [...(known?.enum ?? []), ...('const' in value ? [String(value.const)] : [])];
      const { description = '' } = value;
      properties[key] = constants.length > 0 ? { enum: constants, description } : (known ?? value);
    }
  const required = alternatives.map((each) => each.required ?? []);
  const { description } = schema;
  return {
    ...(description && { description }),
    properties,
    required: required[0]!.filter((key) => required.every((keys) => keys.includes(key))),
  };
}

/** What a value at a path of the document becomes; undefined takes the key away. */
export function withValue(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list = [...((document as unknown[] | undefined) ?? [])];
    const made = withValue(list[key], rest, value);
    if (made === undefined) list.splice(key, 1);
    else list[key] = made;
    return list;
  }
  const { [key]: before, ...others } = (document ?? {}) as Record<string, unknown>;
  const made = withValue(before, rest, value);
  if (made === undefined) return others;
  return { ...(document as object), [key]: made }; // a key keeps its place
}

const isNumber = (text: string) => /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text);

/** What was typed, as the file would have it; what is no number stays a text, and the server says so. */
export function typedValue(text: string, schema: Schema): unknown {
  if (text.trim() === '') return undefined;
  const alternatives = schema.anyOf ?? [schema];
  const takes = (...types: string[]) => alternatives.some(({ type = '' }) => types.includes(type));
  const list = alternatives.find(({ type }) => type === 'array');
  if (list && (text.includes(',') || !takes('string', 'number', 'integer')))
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
      .map((part) => (list.items?.type === 'string' || !isNumber(part) ? part : Number(part)));
  return takes('number', 'integer') && isNumber(text.trim()) ? Number(text) : text;
}

export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : Array.isArray(value) ? value.join(', ') : String(value);

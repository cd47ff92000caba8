import { z } from 'zod';

/** As much of JSON Schema as describes a file that people write. */
export interface Schema {
  type?: string;
  description?: string;
  examples?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

export interface Key {
  /** `slices[].name`, of the entries of a list. */
  path: string;
  schema: Schema;
  /** `sometimes` where one alternative asks for it and another has no such key. */
  need: 'always' | 'sometimes' | 'never';
}

/** The schema of a file as people write it; zod leaves examples of what it transforms out. */
export const jsonSchemaOf = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (examples) jsonSchema.examples = examples as typeof jsonSchema.examples;
    },
  }) as Schema;

/** Every key at any depth, in the order of the schema; of alternatives, those of all. */
export function keysOf(schema: Schema, above = ''): Key[] {
  const { properties = {}, required = [], items } = schema;
  const own = Object.entries(properties).flatMap(([name, each]): Key[] => {
    const path = above ? `${above}.${name}` : name;
    return [{ path, schema: each, need: required.includes(name) ? 'always' : 'never' }, ...keysOf(each, path)];
  });
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  const isInAll = (key: string) => alternatives.every((each) => each.properties?.[key.slice(above.length + 1)]);
  const ofAlternatives = alternatives
    .flatMap((each) => keysOf(each, above))
    .map((key) => (key.need === 'always' && !isInAll(key.path) ? { ...key, need: 'sometimes' as const } : key));
  return [...own, ...(items ? keysOf(items, `${above}[]`) : []), ...ofAlternatives];
}

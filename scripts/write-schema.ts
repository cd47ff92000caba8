import { writeFileSync } from 'node:fs';
import { portfolioJsonSchema } from '../src/domain/portfolio.ts';
import { specJsonSchema } from '../src/domain/spec.ts';

const schemas = { engagement: specJsonSchema(), portfolio: portfolioJsonSchema() };
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(new URL(`../docs/${name}.schema.json`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);

import { readFileSync, writeFileSync } from 'node:fs';
import { portfolioJsonSchema } from '../src/domain/portfolio.ts';
import { specJsonSchema } from '../src/domain/spec.ts';
import { withTables } from './specification.ts';

const docs = (name: string) => new URL(`../docs/${name}`, import.meta.url);
const schemas = { engagement: specJsonSchema(), portfolio: portfolioJsonSchema() };
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(docs(`${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
const document = docs('specification.md');
writeFileSync(document, withTables(readFileSync(document, 'utf8'), schemas.engagement));

import { writeFileSync } from 'node:fs';
import { specJsonSchema } from '../src/domain/spec.ts';

writeFileSync(
  new URL('../docs/engagement.schema.json', import.meta.url),
  `${JSON.stringify(specJsonSchema(), null, 2)}\n`
);

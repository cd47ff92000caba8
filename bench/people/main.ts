import { runParts } from '../run.ts';
import { peopleFigures } from './figures.ts';

await runParts({
  command: 'npm run bench:people',
  purpose: 'Measures what people wait for while 1,000 engagements wait for people: real server, workflows and browser.',
  parts: ({ quick }) => ({ people: () => peopleFigures({ quick }) }),
});

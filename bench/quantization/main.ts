import { runParts } from '../run.ts';
import { earlyFigures, gateFigures } from './certify.ts';
import { foundFigures } from './found.ts';
import { plantedFigures } from './planted.ts';

await runParts({
  command: 'npm run bench:quantization',
  purpose: 'Measures the quality gate and the search for sensitive layers against known answers, on this host.',
  parts: ({ quick }) => ({
    gate: () => gateFigures({ quick }),
    early: () => earlyFigures({ quick }),
    planted: () => plantedFigures({ quick }),
    found: () => foundFigures({ quick }),
  }),
});

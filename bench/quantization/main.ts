import { runParts } from '../run.ts';
import { earlyFigures, gateFigures } from './certify.ts';
import { crashFigures } from './crash.ts';
import { foundFigures } from './found.ts';
import { peerFigures } from './peers.ts';
import { plantedFigures } from './planted.ts';
import { toolkitFigures } from './toolkits.ts';

await runParts({
  command: 'npm run bench:quantization',
  purpose: 'Measures the quality gate, the search for sensitive layers and every toolkit, on this host.',
  together: ['planted', 'crash', 'found'],
  parts: ({ quick }) => ({
    gate: () => gateFigures({ quick }),
    early: () => earlyFigures({ quick }),
    planted: () => plantedFigures({ quick }),
    crash: () => crashFigures({ quick }),
    found: () => foundFigures({ quick }),
    peers: () => peerFigures({ quick }),
    toolkits: () => toolkitFigures({ quick }),
  }),
});

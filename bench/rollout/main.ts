import { runParts } from '../run.ts';
import { assignmentFigures } from './assignment.ts';
import { haproxyFigures, losslessFigures } from './lossless.ts';
import { malformedFigures } from './malformed.ts';
import { monthsFigures } from './months.ts';
import { gatewayOverheadFigures } from './overhead.ts';
import { overloadFigures } from './overload.ts';
import { detectionFigures, falseRollbackFigures, lateBreakFigures } from './simulator.ts';
import { toZeroFigures } from './to-zero.ts';

await runParts({
  command: 'npm run bench:rollout',
  purpose: 'Measures the gateway under traffic, faults and overload, on this host.',
  parts: ({ quick }) => ({
    overhead: () => gatewayOverheadFigures({ quick }),
    'to zero': () => toZeroFigures({ quick }),
    lossless: () => losslessFigures({ quick }),
    haproxy: () => haproxyFigures({ quick }),
    assignment: () => assignmentFigures({ quick }),
    malformed: () => malformedFigures({ quick }),
    'false rollback': () => falseRollbackFigures({ quick }),
    detection: () => detectionFigures({ quick }),
    'late break': () => lateBreakFigures({ quick }),
    months: () => monthsFigures({ quick }),
    overload: () => overloadFigures({ quick }),
  }),
  together: ['false rollback', 'detection', 'late break', 'months'],
});

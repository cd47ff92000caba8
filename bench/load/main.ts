import { runParts } from '../run.ts';
import { arrivalFigures } from './arrivals.ts';
import { crashFigures } from './crash.ts';
import { loadgenFigures } from './loadgen.ts';
import { moneyFigures } from './money.ts';
import { noiseFigures } from './noise.ts';
import { overheadFigures, throughputFigures } from './overhead.ts';
import { ruleFigures } from './rules.ts';
import { realTimeFigures, searchFigures, theoryFigures } from './truth.ts';

const FIXTURES = `${import.meta.dirname}/../../test/fixtures/`;

const classifier = (file: string) => ({
  kind: 'model' as const,
  modelPath: `${FIXTURES}${file}`,
  dataPath: `${FIXTURES}rows.arrow`,
  options: { threads: 1 },
});

await runParts({
  command: 'npm run bench:load',
  purpose: 'Measures the load generator against known answers and against bare inference, on this host.',
  parts: ({ quick }) => ({
    rules: ruleFigures,
    money: moneyFigures,
    theory: () => theoryFigures({ quick }),
    search: () => searchFigures({ quick }),
    arrivals: () => arrivalFigures({ quick, model: classifier('classifier-slow.onnx') }),
    'real time': () => realTimeFigures({ quick }),
    noise: () => noiseFigures({ quick, target: classifier('classifier-slow.onnx') }),
    crash: () => crashFigures({ quick, target: classifier('classifier-slow.onnx') }),
    loadgen: () => loadgenFigures({ quick, target: classifier('classifier-heavy.onnx') }),
    throughput: () => throughputFigures({ quick, target: classifier('classifier-heavy.onnx') }),
    overhead: () => overheadFigures({ quick, target: classifier('classifier.onnx') }),
  }),
});

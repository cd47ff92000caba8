import { parseArgs } from 'node:util';
import { hostFingerprint } from '../../src/inference/fingerprint.ts';
import { arrivalFigures } from './arrivals.ts';
import { crashFigures } from './crash.ts';
import { asJson, type Figure, figureTable } from './figure.ts';
import { loadgenFigures } from './loadgen.ts';
import { moneyFigures } from './money.ts';
import { noiseFigures } from './noise.ts';
import { overheadFigures, throughputFigures } from './overhead.ts';
import { ruleFigures } from './rules.ts';
import { realTimeFigures, searchFigures, theoryFigures } from './truth.ts';

const USAGE = `usage: npm run bench:load -- [--quick] [--json]
Measures the load generator against known answers and against bare inference, on this host.
  --quick  the same figures from smaller samples
  --only   one part, such as crash
  --json   the figures as the last line, for machines`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const { quick } = values;
const fixtures = `${import.meta.dirname}/../../test/fixtures/`;
const classifier = (file: string) => ({
  kind: 'model' as const,
  modelPath: `${fixtures}${file}`,
  dataPath: `${fixtures}rows.arrow`,
  options: { threads: 1 },
});

const parts: Record<string, () => Promise<Figure[]>> = {
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
};

if (values.only && !parts[values.only])
  throw new Error(`--only ${values.only}: there are ${Object.keys(parts).join(', ')}`);
const figures: Figure[] = [];
const wanted = values.only ? { [values.only]: parts[values.only]! } : parts;
for (const [name, measure] of Object.entries(wanted)) {
  const startedAt = performance.now();
  figures.push(...(await measure()));
  console.error(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}
const { cpuModel, cores, onnxruntime, node } = await hostFingerprint();
console.log(`${cpuModel}, ${cores} cores, onnxruntime-node ${onnxruntime}, Node ${node}${quick ? ', quick' : ''}\n`);
console.log(figureTable(figures));
if (values.json) console.log(asJson(figures));

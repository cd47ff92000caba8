import { parseArgs } from 'node:util';
import { hostFingerprint } from '../src/inference/fingerprint.ts';
import { asJson, type Figure, figureTable } from './figure.ts';

/** Plays the parts that were asked for, prints their figures as a table, and as a last line of JSON with `--json`. */
export async function runParts(what: {
  /** As in `npm run bench:load`. */
  command: string;
  purpose: string;
  parts: (options: { quick: boolean }) => Record<string, () => Figure[] | Promise<Figure[]>>;
}): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { quick, only } = values;
  const parts = what.parts({ quick });
  const known = Object.keys(parts).join(', ');
  if (values.help) {
    console.log(`usage: ${what.command} -- [--quick] [--json] [--only PART]
${what.purpose}
  --quick  the same figures from smaller samples
  --only   one part: ${known}
  --json   the figures as the last line, for machines`);
    return;
  }
  if (only && !parts[only]) throw new Error(`--only ${only}: there are ${known}`);
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(only ? { [only]: parts[only]! } : parts)) {
    const startedAt = performance.now();
    figures.push(...(await measure()));
    console.error(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  }
  const { cpuModel, cores, onnxruntime, node } = await hostFingerprint();
  console.log(`${cpuModel}, ${cores} cores, onnxruntime-node ${onnxruntime}, Node ${node}${quick ? ', quick' : ''}\n`);
  console.log(figureTable(figures));
  if (values.json) console.log(asJson(figures));
}

import { parseArgs } from 'node:util';
import { hostFingerprint } from '../src/inference/fingerprint.ts';
import { asJson, type Figure, figureTable } from './figure.ts';

process.env.ORT_DISABLE_TELEMETRY = '1'; // of bare loops and peers too

/** Plays the parts that were asked for, prints their figures as a table, and as a last line of JSON with `--json`. */
export async function runParts(what: {
  /** As in `npm run bench:load`. */
  command: string;
  purpose: string;
  parts: (options: { quick: boolean }) => Record<string, () => Figure[] | Promise<Figure[]>>;
  /** Parts whose figures the host's load does not change: these are played at the same time, before the others. */
  together?: string[];
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
    console.log(`usage: ${what.command} -- [--quick] [--json] [--only PARTS]
${what.purpose}
  --quick  the same figures from smaller samples
  --only   one part or several, with commas: ${known}
  --json   the figures as the last line, for machines`);
    return;
  }
  const names = only ? only.split(',') : Object.keys(parts);
  const unknown = names.find((name) => !parts[name]);
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${known}`);
  const measured = new Map<string, Figure[]>();
  const play = async (name: string) => {
    const startedAt = performance.now();
    measured.set(name, await parts[name]!());
    console.error(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  };
  const isTogether = (name: string) => what.together?.includes(name);
  await Promise.all(names.filter(isTogether).map(play));
  for (const name of names) if (!isTogether(name)) await play(name);
  const figures = names.flatMap((name) => measured.get(name)!);
  const { cpuModel, cores, onnxruntime, node } = await hostFingerprint();
  console.log(`${cpuModel}, ${cores} cores, onnxruntime-node ${onnxruntime}, Node ${node}${quick ? ', quick' : ''}\n`);
  console.log(figureTable(figures));
  if (values.json) console.log(asJson(figures));
}

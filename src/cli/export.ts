import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { describeOptions } from '../domain/measurement.ts';
import type { Spec } from '../domain/spec.ts';
import { bestSoFar } from '../evidence/best-so-far.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { CommandError, EXIT } from './errors.ts';
import { entriesOf } from './journals.ts';
import { print } from './print.ts';

export function addExport(program: Command): void {
  program
    .command('export')
    .description('copy the best candidate so far, with its hash, recipe and figures; also while the search goes on')
    .argument('<engagement>')
    .option('--to <folder>', 'where to', '.')
    .addHelpText('after', '\nExamples:\n  stepdown export newswire --to release\n  stepdown export newswire --json')
    .action(async (name: string, { to }: { to: string }, command: Command) => {
      const exported = await exportBest(name, resolve(to));
      const { id, model, sha256, figures, metric } = exported;
      print(
        command,
        exported,
        () =>
          `${id}: ${model}\n  sha256 ${sha256}\n  ${figures.speedup.toFixed(2)}x as fast, ${figures.sizeRatio.toFixed(3)} of ` +
          `the size, ${metric} ${(100 * figures.accuracy).toFixed(2)} % on the ${figures.role} data ` +
          `(drop ${(100 * figures.accuracyDrop).toFixed(2)} points, at most ${(100 * figures.accuracyDropUpper).toFixed(2)})`
      );
    });
}

/** From the journal, so that it needs no server. A repeated export writes the same files. */
async function exportBest(name: string, to: string) {
  const { folders } = loadConfig();
  const entries = await entriesOf(folders, name);
  const found = bestSoFar(entries);
  if (!found)
    throw new CommandError(
      EXIT.refused,
      `${name} has no candidate that holds every requirement, so far`,
      `see \`stepdown status ${name}\` for what was tried`
    );
  const { id, recipe, verdict, checks, figures, trial } = found;
  const { quantized, host, options } = trial;
  const kickOff = entries.find(({ kind }) => kind === 'kick-off')?.body as { spec: Spec } | undefined;
  const metric = kickOff?.spec.quality.metric ?? 'accuracy';
  const source = await new ArtifactStore(folders.artifacts).verified(quantized.model);
  const model = join(to, `${name}-${id}${extname(basename(source))}`);
  await mkdir(to, { recursive: true });
  await copyFile(source, model);
  const { sha256 } = quantized.model;
  const exported = {
    ...{ engagement: name, id, model, sha256, recipe, verdict, checks, metric, figures: figures! },
    ...{ toolkitVersions: quantized.toolkitVersions, options, servedWith: describeOptions(options), host },
  };
  await writeFile(join(to, `${name}-${id}.json`), `${JSON.stringify(exported, null, 2)}\n`);
  return exported;
}

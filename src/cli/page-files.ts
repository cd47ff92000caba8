import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { linkArtifacts } from '../report/evidence.ts';
import { NoBrowser } from '../report/no-browser.ts';
import { CommandError, EXIT } from './errors.ts';

export interface PageFiles {
  html?: string;
  pdf?: string;
}

export const addPageFiles = (command: Command): Command =>
  command
    .option('--html <file>', 'also write it as HTML')
    .option('--pdf <file>', 'also write it as PDF, printed by Chromium');

/** Writes what was asked for. Returns the absolute paths. */
export async function writePageFiles(page: string, files: PageFiles, config: Config): Promise<PageFiles> {
  const own = linkArtifacts(page, config.publicUrl);
  const written: PageFiles = {};
  if (files.html) {
    written.html = resolve(files.html);
    await writeFile(written.html, own);
  }
  if (files.pdf) {
    written.pdf = resolve(files.pdf);
    await writeFile(written.pdf, await printed(own, config));
  }
  return written;
}

/** Chromium is looked for only where something is printed: the driver takes 200 ms to load. */
async function printed(page: string, { chromium }: Config): Promise<Buffer> {
  const { printPdf } = await import('../report/pdf.ts');
  return printPdf(page, chromium).catch((error: unknown) => {
    if (!(error instanceof NoBrowser)) throw error;
    throw new CommandError(EXIT.refused, 'nothing was printed', error.message);
  });
}

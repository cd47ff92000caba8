import type { Command } from 'commander';
import { asCalled } from './invocation.ts';

/** One JSON document for machines, text for people. */
export function print(command: Command, document: unknown, text: () => string): void {
  process.stdout.write(`${command.optsWithGlobals().json ? JSON.stringify(document) : asCalled(text())}\n`);
}

const PROGRESS_EVERY_MS = 60_000;

/**
 * Lines that stay, and below them one that changes where a person looks on; a pipe gets that one as a line of its own
 * each minute, so that long work is not silent in a log.
 */
export function liveTerminal(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>,
  {
    stamp = (line) => line,
    now = () => performance.now(),
  }: { stamp?: (line: string) => string; now?: () => number } = {}
): { say: (line: string) => void; onProgress: (line: string) => void } {
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  let saidAt = now();
  const say = (line: string) => {
    saidAt = now();
    stream.write(`${clear}${stamp(line)}\n`);
  };
  return {
    say,
    onProgress: (line) => {
      if (stream.isTTY) stream.write(`${clear}${stamp(line).slice(0, stream.columns - 1)}`);
      else if (line && now() - saidAt >= PROGRESS_EVERY_MS) say(line);
    },
  };
}

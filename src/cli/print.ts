import type { Command } from 'commander';

/** One JSON document for machines, text for people. */
export function print(command: Command, document: unknown, text: () => string): void {
  process.stdout.write(`${command.optsWithGlobals().json ? JSON.stringify(document) : text()}\n`);
}

/** Lines that stay, and below them one that changes where a person looks on; nothing but the lines in a pipe. */
export function liveTerminal(stream: NodeJS.WriteStream): {
  say: (line: string) => void;
  onProgress: (line: string) => void;
} {
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  return {
    say: (line) => void stream.write(`${clear}${line}\n`),
    onProgress: (line) => {
      if (stream.isTTY) stream.write(`${clear}${line.slice(0, stream.columns - 1)}`);
    },
  };
}

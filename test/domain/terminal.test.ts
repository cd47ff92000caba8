import { expect, it } from 'vitest';
import { liveTerminal } from '../../src/cli/print.ts';

function recorded(isTTY: boolean) {
  let written = '';
  let time = 0;
  const write = (text: string | Uint8Array) => {
    written += text;
    return true;
  };
  const wait = (seconds: number) => {
    time += 1_000 * seconds;
  };
  const terminal = liveTerminal({ isTTY, columns: 20, write }, { stamp: (line) => `> ${line}`, now: () => time });
  return { ...terminal, written: () => written, wait };
}

it('keeps one line of progress up to date on a terminal, cut to its width', () => {
  const { say, onProgress, written } = recorded(true);
  onProgress('evaluate 1/2 of very many rows');
  say('done');
  expect(written()).toBe('\r\x1b[2K> evaluate 1/2 of v\r\x1b[2K> done\n');
});

it('writes progress into a pipe once a minute without other lines', () => {
  const { say, onProgress, written, wait } = recorded(false);
  onProgress('evaluate 1/9');
  wait(59);
  onProgress('evaluate 2/9');
  say('phase baseline');
  wait(59);
  onProgress('evaluate 3/9');
  wait(1);
  onProgress('');
  onProgress('evaluate 4/9');
  onProgress('evaluate 5/9');
  expect(written()).toBe('> phase baseline\n> evaluate 4/9\n');
});

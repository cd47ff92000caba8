import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readYaml } from '../../src/cli/yaml-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-yaml-'));
const read = (name: string, content?: string | Uint8Array) => {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return readYaml(path, (problems) => new Error(problems.map(({ message }) => message).join('\n')));
};

it('reads YAML and JSON', () => {
  expect(read('a.yaml', 'a: 1')).toEqual({ a: 1 });
  expect(read('a.json', '{"a":1}')).toEqual({ a: 1 });
});

it('says what is no file of YAML, shortly, and one mistake once', () => {
  expect(() => read('missing.yaml')).toThrow('there is no such file');
  expect(() => readYaml(folder, ([problem]) => new Error(problem!.message))).toThrow(/^is a folder/);
  expect(() => read('model.onnx', new Uint8Array(64))).toThrow(/^is no YAML file.*stepdown init/);
  expect(() => read('large.yaml', '#'.repeat(1_000_001))).toThrow(/^is no YAML file/);
  let mistakes = 0;
  writeFileSync(join(folder, 'wrong.yaml'), 'a: [1\nb: }\nc: "x');
  expect(() =>
    readYaml(join(folder, 'wrong.yaml'), (problems) => {
      mistakes = problems.length;
      return new Error('refused');
    })
  ).toThrow('refused');
  expect(mistakes).toBe(1);
});

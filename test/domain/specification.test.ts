import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { withTables } from '../../scripts/specification.ts';
import { PACKAGES } from '../../src/domain/packages.ts';
import { portfolioJsonSchema } from '../../src/domain/portfolio.ts';
import { keysOf } from '../../src/domain/schema-keys.ts';
import { parseSpec, specJsonSchema } from '../../src/domain/spec.ts';

const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const document = doc('specification.md');
const WRITE = 'run scripts/write-schema.ts';

describe.each([
  ['engagement', specJsonSchema()],
  ['portfolio', portfolioJsonSchema()],
])('the JSON schema of an %s', (name, schema) => {
  it('explains every key, and shows how those with a value are written', () => {
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(4);
    expect(keys.filter(({ schema }) => !schema.description).map(({ path }) => path)).toEqual([]);
    const hasParts = ({ path }: { path: string }) =>
      keys.some((key) => /^[.[]/.test(key.path.slice(path.length)) && key.path.startsWith(path));
    const leaves = keys.filter((key) => !hasParts(key));
    expect(leaves.filter(({ schema }) => !('default' in schema) && !schema.examples).map(({ path }) => path)).toEqual(
      []
    );
  });

  it('is the one that editors get', () => {
    expect(JSON.parse(doc(`${name}.schema.json`)), WRITE).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});

describe('the document of the specification', () => {
  it('has every key and package as they are', () => {
    expect(document === withTables(document, specJsonSchema()), WRITE).toBe(true);
    for (const { path } of keysOf(specJsonSchema()).filter(({ path }) => path.includes('.')))
      expect(document).toContain(`| \`${path}\` `);
    for (const name of Object.keys(PACKAGES)) expect(document).toContain(`\`${name}\``);
  });

  it('shows a specification that can be started', () => {
    const [, yaml] = /```yaml\n(.*?)```/s.exec(document)!;
    expect(parseSpec(parse(yaml!))).toHaveProperty('spec');
  });

  it('links to documents that are there', () => {
    for (const [, name] of document.matchAll(/\]\(([\w-]+\.md)\)/g)) expect(() => doc(name!)).not.toThrow();
  });
});

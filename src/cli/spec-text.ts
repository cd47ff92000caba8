import { Document, isCollection, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { PACKAGES, type PackageName } from '../domain/packages.ts';
import { type Key, keysOf, type Schema } from '../domain/schema-keys.ts';
import { specJsonSchema } from '../domain/spec.ts';
import { TASKS, type TaskName } from '../domain/tasks.ts';
import type { TensorDeclaration } from '../inference/host.ts';

interface Suggested {
  package: string;
  model: { task: TaskName };
}

/** Sections in which every key says what it means, beside the sections themselves. */
const EXPLAINED = /^package$|^(data|quality|serving|loadTest|economics|calibration|rollout)\.(?!columns)/;

/** The specification as a file that explains itself: the model's inputs, every key to decide on, and what may be added. */
export function specText(
  document: Suggested,
  {
    inputs,
    outputs,
    classes,
  }: { inputs: TensorDeclaration[]; outputs: TensorDeclaration[]; classes?: number | undefined }
): string {
  const yaml = new Document(document);
  const shapes = (list: TensorDeclaration[]) =>
    list.map(({ name, type, shape }) => `${name} ${type}[${shape.join(', ')}]`).join('; ');
  const counted = classes === undefined ? '' : `, ${classes} classes`;
  const model = ` takes ${shapes(inputs)}\n gives ${shapes(outputs)}${counted}`;
  const keys = keysOf(specJsonSchema());
  const about = Object.fromEntries(keys.map(({ path, schema }) => [path, ` ${schema.description}`]));
  explain(yaml.contents as unknown as YAMLMap, '', { ...about, model });
  yaml.commentBefore = ' Written by `stepdown init`; docs/specification.md explains every key.';
  const rest = addable(document, keys);
  return `${yaml.toString({ lineWidth: 0, flowCollectionPadding: true })}\n# What may be added, with its defaults or an example:\n${rest.join('\n')}\n`;
}

function explain(map: YAMLMap, above: string, about: Record<string, string>): void {
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const path = above + String(key.value);
    if (isMap(value) && above === '') key.commentBefore = about[path];
    if (isSeq(value) && value.items.every(isScalar)) value.flow = true;
    if (EXPLAINED.test(path) && (isScalar(value) || isSeq(value))) value.comment = about[path];
    if (isMap(value)) explain(value, `${path}.`, about);
  }
}

/** The sections that are left out, as comments that are YAML without their marks. */
function addable(document: Suggested, keys: Key[]): string[] {
  const { rollsOut } = PACKAGES[document.package as PackageName];
  const isMissing = ({ path }: Key) => !/[.[]/.test(path) && !(path in document);
  const { exports } = TASKS[document.model.task];
  const isOfUse = ({ path }: Key) =>
    (rollsOut || !['rollout', 'support'].includes(path)) && (exports || path !== 'training');
  return keys
    .filter((key) => isMissing(key) && isOfUse(key))
    .map(({ path, schema }) => {
      const yaml = new Document({ [path]: shownOf(schema) });
      for (const { value } of (yaml.contents as unknown as YAMLMap).items) if (isCollection(value)) value.flow = true;
      return `# ${schema.description}\n# ${yaml.toString({ lineWidth: 0 }).trimEnd()}`;
    });
}

/** As one writes it: the defaults, and examples of what is required; examples alone where neither is there. */
function shownOf(schema: Schema): unknown {
  const { properties, items, required = [], examples } = schema;
  const [entry] = items?.anyOf ?? [];
  if (entry) return [shownOf(entry)];
  if (!properties) return examples?.[0] ?? schema.default;
  const isShown = ([key, each]: [string, Schema]) => 'default' in each || required.includes(key);
  const all = Object.entries(properties);
  const shown = all.some(isShown) ? all.filter(isShown) : all;
  return Object.fromEntries(shown.map(([key, each]) => [key, shownOf(each)]));
}

import { Document, isMap, isScalar, type YAMLMap } from 'yaml';
import type { TensorDeclaration } from '../inference/host.ts';

/** What stands above a key of a specification that was written for somebody. */
const COMMENTS: Record<string, string> = {
  package:
    ' express: three schemes, no rollout; professional: all, with 90 days of support; enterprise: 365 days, with targets',
  'model.labels': ' names of the classes in the order of the logits, or a JSON file with that list',
  data: ' the roles must not share a row; the hold-out is looked at once, at the end',
  'data.calibration': ' 1,000 to 5,000 rows like those of production',
  quality: ' the largest drop against FP32 that the business accepts, in percentage points',
  serving: ' the service level that single requests must hold',
  gates: ' who decides; remindAfter, expireAfter and fourEyes have their defaults',
  rollout: ' percent of client traffic after the shadow stage, and how long each stage stays',
  'rollout.minimumPairs': ' compared requests that a stage needs',
  'rollout.disagreementPoints': ' answers that may differ, even where no label comes',
};

/** The specification as a file, with the model's inputs and what to think of written into it. */
export function specText(
  document: object,
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
  comment(yaml.contents as unknown as YAMLMap, '', { ...COMMENTS, model });
  yaml.commentBefore = ' Written by `stepdown init`; docs/engagement.schema.json has every key.';
  return yaml.toString({ lineWidth: 100 });
}

function comment(map: YAMLMap, above: string, comments: Record<string, string>): void {
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const path = above + String(key.value);
    if (comments[path]) key.commentBefore = comments[path];
    if (isMap(value)) comment(value, `${path}.`, comments);
  }
}

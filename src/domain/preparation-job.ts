import type { Spec } from './spec.ts';

/** What the toolkit's verb `prepare` is asked: checks model and data, and turns every role into model inputs. */
export function preparationJob(
  { model, data, slices }: Spec,
  files: { model: string; tokenizer: string; data: Record<string, string> }
) {
  const { maxLength, padding, labels } = model;
  return {
    model: { path: files.model },
    tokenizer: files.tokenizer,
    ...{ maxLength, padding, labels, slices },
    columns: data.columns,
    roles: files.data,
  };
}

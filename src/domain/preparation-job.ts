import type { Spec } from './spec.ts';

/** What the toolkit's verb `prepare` is asked: checks model and data, and turns every role into model inputs. */
export function preparationJob(
  { model, data, slices, quality }: Spec,
  files: { model: string; tokenizer?: string | undefined; evaluator?: string | undefined; data: Record<string, string> }
): object {
  const { name: _, kind: __, path: ___, entryPoint: ____, ...settings } = model;
  return {
    ...settings,
    model: { path: files.model },
    tokenizer: files.tokenizer,
    ...(quality.evaluator && { evaluator: { ...quality.evaluator, folder: files.evaluator } }),
    metric: quality.metric,
    columns: data.columns,
    roles: files.data,
    slices,
  };
}

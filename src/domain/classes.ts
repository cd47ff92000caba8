import type { ModelSpec } from './spec-model.ts';

/** Class names; none where answers name no class. */
export function classesOf({ model }: { model: ModelSpec }): string[] {
  return 'labels' in model && Array.isArray(model.labels) ? model.labels : [];
}

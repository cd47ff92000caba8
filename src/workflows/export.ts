import { setCurrentDetails } from '@temporalio/workflow';
import { toolkit } from './activities.ts';
import type { EngagementArguments } from './engagement.ts';

/** Models of another kind become an ONNX file first; no engagement of an older version has one of those. */
export async function withOnnxModel(input: EngagementArguments): Promise<EngagementArguments> {
  const { spec, sources } = input;
  if (spec.model.kind === 'onnx') return input;
  setCurrentDetails(`Exporting the ${spec.model.kind} model to ONNX`);
  return { ...input, sources: { ...sources, model: await toolkit.exportModel({ spec, sources }) } };
}

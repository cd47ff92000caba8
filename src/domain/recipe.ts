import type { DataRole } from './artifact.ts';
import type { ToolkitName } from './toolkits.ts';

export const SCHEMES = [
  'fp16',
  'int8-dynamic',
  'int8-static',
  'int8-qat',
  'int8-weight',
  'int4-weight',
  'int4-qat',
  'int2-weight',
  'int2-qat',
] as const;
export type Scheme = (typeof SCHEMES)[number];

/** AWQ, of TensorRT's toolkit alone, finds by the rows how far to clip or scale weights. */
export const CALIBRATION_METHODS = ['minmax', 'entropy', 'percentile', 'awq-clip', 'awq-lite'] as const;
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

/** Steps of `batch` rows, learning rate one-cycle; `distillation` is the share of the loss that follows FP32's answers. */
interface TrainingSettings {
  steps?: number | undefined;
  batch?: number | undefined;
  learningRate?: number | undefined;
  rangeLearningRate?: number | undefined;
  distillation?: number | undefined;
  temperature?: number | undefined;
  evaluations?: number | undefined;
  patience?: number | undefined;
}

/** How a candidate is made; everything in it is part of the trial's key. */
export interface Recipe {
  toolkit: ToolkitName;
  scheme: Scheme;
  calibration?: { role: DataRole; rows: number; method: CalibrationMethod };
  /** Nodes kept in FP32, by name. */
  exclude?: string[];
  options?: Record<string, string | number | boolean | string[]>;
  /** Of a scheme that is trained: what differs from the toolkit's own settings. */
  training?: TrainingSettings;
}

/** Made from weights that were trained under its rounding. */
export const isTrained = ({ scheme }: Recipe): boolean => scheme.endsWith('-qat');

/** What PyTorch has trained is quantized by ONNX Runtime. */
export const quantizerOf = ({ toolkit }: Recipe): ToolkitName => (toolkit === 'pytorch' ? 'onnxruntime' : toolkit);

/**
 * Made for another runtime than the one that measures it here: its accuracy is asked even where its kernels and its speed
 * here would decide.
 */
export const isMadeForGpu = ({ toolkit }: Recipe): boolean => toolkit === 'tensorrt';

/** What quantizes and trains. Those with a cost have an environment of their own, made when first needed. */
export const TOOLKITS = {
  onnxruntime: { environment: 'core', cost: null },
  pytorch: { environment: 'core', cost: null },
  /** Hugging Face Optimum. */
  optimum: { environment: 'optimum', cost: { gigabytes: 1.8, minutes: 3 } },
  /** NVIDIA ModelOpt, and TensorRT's own engine where a GPU is. */
  tensorrt: { environment: 'tensorrt', cost: { gigabytes: 1.2, minutes: 3 } },
} as const satisfies Record<string, ToolkitHome>;

export type ToolkitName = keyof typeof TOOLKITS;

/** Those whose candidates may race in an engagement; PyTorch trains what they could not hold. */
export const RACING_TOOLKITS = ['onnxruntime', 'optimum', 'tensorrt'] as const satisfies ToolkitName[];
export type RacingToolkit = (typeof RACING_TOOLKITS)[number];

interface ToolkitHome {
  /** Of toolkits/environments. */
  environment: string;
  /** Of installing it: disk, and time on two cores with a fast network. */
  cost: { gigabytes: number; minutes: number } | null;
}

/** How a person makes it before it is needed. */
export const installCommand = (toolkit: ToolkitName): string =>
  TOOLKITS[toolkit].cost ? `npm run setup -- --environment ${TOOLKITS[toolkit].environment}` : 'npm run setup';

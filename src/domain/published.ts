/** A range with where it is from. */
export interface SourcedRange {
  lower: number;
  upper: number;
  basis: 'published' | 'assumed' | 'measured';
  source: string;
}

/** FP32 to INT8, taken as the 95 % interval of what another model will show. */
export function publishedSpeedup(hardware: { gpuCount: number }): SourcedRange {
  if (hardware.gpuCount > 0)
    return {
      lower: 2.4,
      upper: 4,
      basis: 'published',
      source:
        'I-BERT (Kim et al. 2021, arXiv 2101.01321): RoBERTa in INT8 against FP32 on a T4, 2.4 to 4.0 times as fast',
    };
  return {
    lower: 1,
    upper: 2.25,
    basis: 'published',
    source:
      'Bhandare et al. 2019 (arXiv 1906.00532): Transformer in INT8 against FP32 on a Xeon with VNNI, 1.5 times as fast; ' +
      'the range around it, from none to 1.5 squared, is ours',
  };
}

/** Loss of accuracy of INT8 against FP32, in points. */
export const PUBLISHED_ACCURACY_LOSS: SourcedRange = {
  lower: 0,
  upper: 1,
  basis: 'published',
  source:
    'Wu et al. 2020 (arXiv 2004.09602): within 1 % of the floating-point baseline on all networks studied, BERT-large among them',
};

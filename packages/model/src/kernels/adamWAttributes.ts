/** What a step of AdamW is told beside tensors. */
export interface AdamWAttributes {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Counts from 1. */
  readonly step: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

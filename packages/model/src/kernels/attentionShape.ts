import type * as tf from "@tensorflow/tfjs-core";

/** The shape of one attention: who sees whom. Token t of example b is real when t < lengths[b]; the prefix is seen by all. */
export interface AttentionShape {
  readonly numHeads: number;
  /** Fewer than `numHeads` with grouped queries: consecutive query heads share a key/value head. */
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  /** T, with padding. */
  readonly numTokens: number;
  readonly lengths: readonly number[];
  readonly isCausal: boolean;
}

/** The result (B·T, H), with what the gradient needs. */
export interface Attended {
  /** On WebGPU followed by rows that the gradient reads: the log-sum-exp of each query. */
  readonly y: tf.Tensor2D;
  readonly qkv: tf.Tensor2D;
  /** (B, heads, T, P + T), where a backend keeps them; it may pad their rows. */
  readonly weights: tf.Tensor | null;
  /** (2, P, W), or null without a prefix. */
  readonly prefix: tf.Tensor3D | null;
}

/** Where a loss's gradient goes through an attention: to its queries, keys and values, and to its prefix. */
export interface AttentionGradient {
  /** (B·T, H + 2W), or null when it was not asked for. */
  readonly dQkv: tf.Tensor2D | null;
  /** (2, P, W), summed over the batch; null without a prefix. */
  readonly dPrefix: tf.Tensor3D | null;
}

/** How hidden keys are told: an additive mask for plain operations, lengths for our kernels. */
export interface Visibility {
  /** (B, 1, 1 or T, P + T); null when every query sees every key, or when no mask is needed. */
  readonly mask: tf.Tensor4D | null;
  /** (B), on WebGPU. */
  readonly lengths: tf.Tensor1D | null;
}

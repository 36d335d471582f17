import type * as tf from "@tensorflow/tfjs-core";

/** The shape of one attention: who sees whom. The rows of the texts lie end to end; a text sees itself and the prefix, and no other text. */
export interface AttentionShape {
  readonly numHeads: number;
  /** Fewer than `numHeads` with grouped queries: consecutive query heads share a key/value head. */
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  /** Rows of each text; together all rows. */
  readonly lengths: readonly number[];
  /** How many of a text's rows are seen, where padding stands behind them; plain operations alone know it. All by default. */
  readonly seenLengths?: readonly number[];
  readonly isCausal: boolean;
}

/** The result (rows, H), with what the gradient needs. */
export interface Attended {
  /** On WebGPU followed by rows that the gradient reads: the log-sum-exp of each query. */
  readonly y: tf.Tensor2D;
  readonly qkv: tf.Tensor2D;
  /** The weights: in plain operations (heads, length, P + length) of each text, on WASM all in one, on WebGPU none. */
  readonly weights: readonly tf.Tensor[];
  /** (2, P, W), or null without a prefix. */
  readonly prefix: tf.Tensor3D | null;
}

/** Where a loss's gradient goes through an attention: to its queries, keys and values, and to its prefix. */
export interface AttentionGradient {
  /** (rows, H + 2W), or null when it was not asked for. */
  readonly dQkv: tf.Tensor2D | null;
  /** (2, P, W), summed over the batch; null without a prefix. */
  readonly dPrefix: tf.Tensor3D | null;
}

/** How hidden keys are told: a mask for each text where plain operations compute, rows for our kernels. */
export interface Visibility {
  /** Of each text (1 or length, P + length), 0 where a query sees a key and a large negative number elsewhere; null where nothing is hidden. */
  readonly masks: readonly (tf.Tensor2D | null)[];
  /** On WebGPU the row that each text begins with, and behind them the number of rows: (numTexts + 1). */
  readonly starts: tf.Tensor1D | null;
}

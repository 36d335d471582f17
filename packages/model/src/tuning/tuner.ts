import type * as tf from "@tensorflow/tfjs-core";
import type { Params, TunedEntry } from "@tutti/core";
import type { RowLayout, TokenBatch } from "../backbone/batch.ts";
import type { Past } from "../backbone/past.ts";
import type { Residual } from "./frozenProducts.ts";
import type { TunedLayout } from "./tunedLayout.ts";

/** Trained parameters, or their gradients, as tensors by name. */
export type TunedValues = Readonly<Record<string, tf.Tensor>>;

/** Under this name stand all values of a method, or all their gradients, end to end: for methods that read the vector in place. */
export const wholeMethod = "*";

/** A forward pass of the tuned backbone; its tensors belong to the caller's tidy. */
export interface TunedPass {
  /** What the heads read: the last state (numRows, H), through the final norm where the family has one. */
  readonly last: tf.Tensor2D;
  /** What layer 0 reads, then every layer's output. */
  readonly states: readonly tf.Tensor2D[];
  /** Where each text lies in each of `states`: its tokens, and the prompt rows in front of them. */
  readonly layouts: readonly RowLayout[];
  /** Rows of `last`. */
  readonly numRows: number;
  /** Where token `token` of text `example` is in `last`. */
  rowOf(example: number, token: number): number;
  /** d last → the gradient of each of the method's parameters, by name. */
  backward(dLast: tf.Tensor2D): TunedValues;
}

/** How one pass runs, whatever the tuning method. */
export interface TunerOptions {
  /** Whether the text's positions start after the prompt or at 0. */
  readonly positionsAfterPrefix: boolean;
  readonly hasGradient: boolean;
  /** The step's draws, for methods that zero a share of what they read; without them nothing is zeroed. */
  readonly inputDraws?: InputDraws | undefined;
  /** Frozen differences beside what the method trains, as its `uploadResidual` made them. */
  readonly residual?: Residual | undefined;
  /** What was read of the batch's one text before; without gradient alone. What a method puts in front of a text is in front of its beginning. */
  readonly past?: Past | undefined;
}

/** Two 32-bit numbers from which a step's dropout of inputs follows, on every backend alike. */
export type InputDraws = readonly [number, number];

/** Other ranks of low-rank differences than the run's: of each matrix in each layer, and the method's parameters that follow, in their order. */
export interface OwnRanks {
  readonly ranks: (layer: number, matrix: { readonly name: string; readonly rank: number }) => number;
  readonly entries: readonly TunedEntry[];
}

/** Elements of the matrices that have low-rank differences, trained in place of these. */
export interface ElementMask {
  /** Of their values: of layer 0's matrices, layer 1's, …. */
  readonly layout: TunedLayout;
  /** Of each value, by the name of its tensor: ascending, row after row of the matrix. */
  readonly places: ReadonlyMap<string, Int32Array>;
}

/** How a method's trained parameters meet the frozen backbone. Called within `tf.tidy`. */
export interface Tuner {
  /** Whether on the current backend the method would rather have its values under `wholeMethod`; more values may follow them. It then answers so too. */
  readsVector?(): boolean;
  /** Whether each training step has `inputDraws`. */
  readonly drawsInputs?: boolean;
  /** Puts a run's frozen differences on the backend, for methods that have such; the caller disposes them. */
  uploadResidual?(params: Params): Residual;
  /** The same method at a device's own ranks, for methods of low-rank differences. */
  atRanks?(own: OwnRanks): Tuner;
  /** The same method for these very values, where they decide more than numbers: how long a text is. */
  ofParams?(params: Params): Tuner;
  /** The same matrices with trained elements, for methods of low-rank differences. */
  onElements?(mask: ElementMask): Tuner;
  forward(values: TunedValues, batch: TokenBatch, options: TunerOptions): TunedPass;
}

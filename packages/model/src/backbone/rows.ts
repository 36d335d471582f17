import type * as tf from "@tensorflow/tfjs-core";
import { type Norm, type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import type { RowLayout } from "./batch.ts";
import { type LayerPass, layerBackward, layerForward, type PassContext } from "./layer.ts";
import type { Past } from "./past.ts";
import { contextOf, type Transformer } from "./transformer.ts";

/** Which layers rows go through, and where they are in the text. */
interface RowsOptions {
  /** The layer that the rows come into; by default they come in front of the embeddings' norm and layer 0. */
  readonly firstLayer?: number;
  /** The layer behind the last one to compute; by default all are, and the final norm too. */
  readonly endLayer?: number;
  /** Position of each text's first row, which rotations go by; negative where rows were put in front of a text that begins at 0. */
  readonly firstPosition: number;
  readonly hasGradient: boolean;
  /** As a pass's. */
  readonly past?: Past | undefined;
}

/** A pass from given rows; its tensors belong to the caller's tidy. */
interface RowsPass {
  /** What the first layer read, then every computed layer's output, each (rows, H). */
  readonly states: readonly tf.Tensor2D[];
  /** The last state, through the final norm where all layers were computed and the family has one. */
  readonly last: tf.Tensor2D;
  readonly firstLayer: number;
  readonly layers: readonly LayerPass[];
  readonly inputNorm: Normed | null;
  readonly finalNorm: Normed | null;
  readonly context: PassContext;
}

/** Rows (rows, H) through the bare backbone's layers. Call within `tf.tidy`. */
export function forwardRows(
  transformer: Transformer,
  x: tf.Tensor2D,
  layout: RowLayout,
  { firstLayer = 0, endLayer = transformer.config.numLayers, ...options }: RowsOptions,
): RowsPass {
  const { config, embeddingNorm, finalNorm: norm } = transformer;
  const context = contextOf(config, layout, { ...options, numPrefix: 0 });
  const inputNorm = embeddingNorm === null || firstLayer > 0 ? null : normalize(x, embeddingNorm);
  const states = [inputNorm?.y ?? x];
  const layers: LayerPass[] = [];
  for (let index = firstLayer; index < endLayer; index++) {
    const pass = layerForward(states[states.length - 1], null, transformer.layer(index), context);
    states.push(pass.y);
    layers.push(pass);
  }
  const end = states[states.length - 1];
  const finalNorm = norm === null || endLayer < config.numLayers ? null : normalize(end, norm);
  return { states, last: finalNorm?.y ?? end, firstLayer, layers, inputNorm, finalNorm, context };
}

/** d last (rows, H) → d rows (rows, H), down through the embeddings' norm where the rows came in front of it. Call within `tf.tidy`. */
export function backwardRows(transformer: Transformer, dLast: tf.Tensor2D, pass: RowsPass): tf.Tensor2D {
  let dy = through(dLast, pass.finalNorm, transformer.finalNorm);
  for (let at = pass.layers.length - 1; at >= 0; at--) {
    const index = pass.firstLayer + at;
    const { dx } = layerBackward(dy, pass.layers[at], transformer.layer(index), pass.context, true);
    if (dx === null) throw new Error(`layer ${index} gave no gradient of its input`);
    dy = dx;
  }
  return through(dy, pass.inputNorm, transformer.embeddingNorm);
}

function through(dy: tf.Tensor2D, normed: Normed | null, norm: Norm | null): tf.Tensor2D {
  return normed === null || norm === null ? dy : normalizeGradient(dy, normed, norm);
}

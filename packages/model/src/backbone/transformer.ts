import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "@tutti/core";
import { visibility } from "../kernels/attention.ts";
import type { AttentionShape } from "../kernels/attentionShape.ts";
import { disposeNorm, type Norm, type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { rotationOf } from "../kernels/rotary.ts";
import type { RowLayout, TokenBatch } from "./batch.ts";
import type { BackboneConfig } from "./config.ts";
import { createEmbeddings } from "./embeddings.ts";
import { createLanguageHead, type LanguageHead } from "./languageHead.ts";
import { type LayerPass, layerBackward, layerForward, type PassContext } from "./layer.ts";
import type { PackedBackbone } from "./packed.ts";
import type { Past } from "./past.ts";
import { disposeLayer, type LayerWeights, loadLayer, loadNorm, type WeightForm } from "./weights.ts";

/** A forward pass; its tensors belong to the caller's tidy. */
export interface Pass {
  /** The embeddings, then every layer's output, each (rows, H); decoders' last one is before their final norm. */
  readonly states: readonly tf.Tensor2D[];
  /** What the heads read: the last state, through the final norm where the family has one. */
  readonly last: tf.Tensor2D;
  readonly layers: readonly LayerPass[];
  readonly finalNorm: Normed | null;
  readonly context: PassContext;
}

/** What a forward pass puts in front of the text, and whether a gradient follows. */
interface PassOptions {
  /** One (2, P, W) per layer, keys then values; null for the bare backbone. */
  readonly prefixes: readonly tf.Tensor3D[] | null;
  /** Position of the first token: P when the text's positions start after the prefix. */
  readonly firstPosition: number;
  readonly hasGradient: boolean;
  /** What was read before, of a pass that reads one text on, which has no gradient. */
  readonly past?: Past | undefined;
}

/** Where a pass begins: the embedded tokens (rows, H), and what all layers share. */
interface PassStart {
  readonly x: tf.Tensor2D;
  readonly context: PassContext;
}

/** The frozen backbone on the current backend. Every function is called within `tf.tidy`. */
export interface Transformer {
  readonly config: BackboneConfig;
  readonly head: LanguageHead;
  /** The norm that embeddings go through in front of layer 0; null in decoders. */
  readonly embeddingNorm: Norm | null;
  /** Decoders' norm behind the last layer; null in encoders. */
  readonly finalNorm: Norm | null;
  /** Word, position and type summed (rows, H), in front of the embeddings' norm. */
  embed(batch: TokenBatch, firstPosition: number): tf.Tensor2D;
  /** What position and type add to `numRows` rows without words, (numRows, H); rows at negative positions have none. Null where a family adds neither. */
  rowAddition(numRows: number, firstPosition: number): tf.Tensor2D | null;
  /** Rows of the table of words, (ids.length, H) row-major. */
  wordRows(ids: readonly number[]): Float32Array;
  /** Begins a pass whose layers are composed elsewhere. */
  start(batch: TokenBatch, options: PassOptions): PassStart;
  /** One layer's frozen weights; those of a streamed transformer belong to the caller's tidy. */
  layer(index: number): LayerWeights;
  /** A weight of the backbone unpacked to f32, uploaded when first asked for and kept. */
  unpacked(name: string): tf.Tensor;
  /** Weights unpacked to f32, end to end, uploaded when first asked for and kept. */
  unpackedVector(names: readonly string[]): tf.Tensor1D;
  /** Constants that a tuning method adds to the weights, made when first asked for under this name and kept. */
  constant(name: string, make: () => tf.Tensor): tf.Tensor;
  forward(batch: TokenBatch, options: PassOptions): Pass;
  /** d last (rows, H) → the prefixes' gradients, (2, P, W) per layer. Nothing below the lowest prefix is computed. */
  backward(dLast: tf.Tensor2D, pass: Pass): tf.Tensor3D[];
  dispose(): void;
}

/** How a backbone's weights are held on the backend. */
interface TransformerOptions {
  /** Each layer is uploaded only while it computes, which is slow and fits anywhere. */
  readonly isStreamed?: boolean;
  /** `packed` by default: on WebGPU the matrices stay as they are stored. Other backends unpack them in any case. */
  readonly weights?: WeightForm;
}

/** Uploads a backbone's weights, layer by layer. */
export function createTransformer(
  backbone: PackedBackbone,
  { isStreamed = false, weights: form = "packed" }: TransformerOptions = {},
): Transformer {
  const { config } = backbone;
  const layers = createLayers(backbone, isStreamed, form);
  const { embed, rowAddition } = createEmbeddings(backbone);
  const embeddingNorm = backbone.has("embeddings.norm.weight") ? loadNorm(backbone, "embeddings.norm") : null;
  const finalNorm = backbone.has("norm.weight") ? loadNorm(backbone, "norm") : null;
  const head = createLanguageHead(backbone, form);
  const unpacked = keptTensors(backbone);

  function start(batch: TokenBatch, options: PassOptions): PassStart {
    checkFits(batch, config, options.firstPosition);
    const context = contextOf(config, batch, { ...options, numPrefix: options.prefixes?.[0]?.shape[1] ?? 0 });
    const embedded = embed(batch, options.firstPosition);
    return { x: embeddingNorm === null ? embedded : normalize(embedded, embeddingNorm).y, context };
  }

  return {
    config,
    head,
    embeddingNorm,
    finalNorm,
    embed(batch, firstPosition) {
      checkFits(batch, config, firstPosition);
      return embed(batch, firstPosition);
    },
    rowAddition,
    wordRows: (ids) => backbone.rows("embeddings.word", ids),
    start,
    layer: layers.at,
    unpacked: unpacked.of,
    unpackedVector: unpacked.vectorOf,
    constant: unpacked.constant,
    forward(batch, options) {
      const { x, context } = start(batch, options);
      const { states, passes } = forwardLayers(layers, x, options.prefixes, context);
      const normed = finalNorm === null ? null : normalize(states[config.numLayers], finalNorm);
      return { states, last: normed?.y ?? states[config.numLayers], layers: passes, finalNorm: normed, context };
    },
    backward: (dLast, pass) => backwardLayers(layers, throughFinalNorm(dLast, pass.finalNorm, finalNorm), pass),
    dispose() {
      layers.dispose();
      for (const norm of [embeddingNorm, finalNorm]) if (norm !== null) disposeNorm(norm);
      unpacked.dispose();
      head.dispose();
    },
  };
}

/** The layers' weights, held on the backend or uploaded for each use. */
interface Layers {
  readonly count: number;
  /** One layer's; those of a streamed transformer belong to the caller. */
  at(index: number): LayerWeights;
  /** Computes with one layer's, which are released afterwards where they are streamed. */
  withLayer<T>(index: number, compute: (weights: LayerWeights) => T): T;
  dispose(): void;
}

function createLayers(backbone: PackedBackbone, isStreamed: boolean, form: WeightForm): Layers {
  const count = backbone.config.numLayers;
  const held = isStreamed ? [] : Array.from({ length: count }, (_, index) => loadLayer(backbone, index, form));
  return {
    count,
    at: (index) => held[index] ?? loadLayer(backbone, index, form),
    withLayer(index, compute) {
      const layer = held[index];
      if (layer !== undefined) return compute(layer);
      const weights = loadLayer(backbone, index, form);
      try {
        return compute(weights);
      } finally {
        disposeLayer(weights);
      }
    },
    dispose() {
      for (const layer of held) disposeLayer(layer);
    },
  };
}

/** Weights unpacked to f32, uploaded when first asked for and kept. */
function keptTensors(backbone: PackedBackbone): Pick<Transformer, "dispose"> & {
  of: Transformer["unpacked"];
  vectorOf: Transformer["unpackedVector"];
  constant: Transformer["constant"];
} {
  const kept = new Map<string, tf.Tensor>();
  const keep = <T extends tf.Tensor>(key: string, upload: () => T): T => {
    const known = kept.get(key);
    if (known !== undefined) return known as T;
    const tensor = tf.keep(upload()); // it outlives the tidy it is first needed in
    kept.set(key, tensor);
    return tensor;
  };
  return {
    of: (name) =>
      keep(name, () => {
        const { data, shape } = backbone.tensor(name);
        return tf.tensor(data, [...shape]);
      }),
    vectorOf: (names) =>
      keep(names.join(" "), () => {
        const values = new Float32Array(names.reduce((sum, name) => sum + sizeOf(backbone.packed(name).shape), 0));
        let at = 0;
        for (const name of names) {
          const { data } = backbone.tensor(name);
          values.set(data, at);
          at += data.length;
        }
        return tf.tensor1d(values);
      }),
    constant: (name, make) => keep(`constant ${name}`, make),
    dispose() {
      for (const tensor of kept.values()) tensor.dispose();
      kept.clear();
    },
  };
}

/** x (rows, H) through every layer: x, then each layer's output. */
function forwardLayers(layers: Layers, x: tf.Tensor2D, prefixes: PassOptions["prefixes"], context: PassContext) {
  const states = [x];
  const passes: LayerPass[] = [];
  for (let index = 0; index < layers.count; index++) {
    const pass = layers.withLayer(index, (weights) => layerForward(states[index], prefixes?.[index] ?? null, weights, context));
    states.push(pass.y);
    passes.push(pass);
  }
  return { states, passes };
}

/** dY (rows, H) of the last layer → the prefixes' gradients, layer 0's first. */
function backwardLayers(layers: Layers, dLast: tf.Tensor2D, pass: Pass): tf.Tensor3D[] {
  const gradients: tf.Tensor3D[] = [];
  let dy = dLast;
  for (let index = layers.count - 1; index >= 0; index--) {
    const { dx, dPrefix } = layers.withLayer(index, (weights) => layerBackward(dy, pass.layers[index], weights, pass.context, index > 0));
    if (dPrefix === null) throw new Error("a pass without prefixes has no prefix gradients to give");
    gradients.unshift(dPrefix);
    if (dx !== null) dy = dx;
  }
  return gradients;
}

/** What all layers of a pass share. The first row of each text is at `firstPosition`, which rotations go by. */
export function contextOf(
  config: BackboneConfig,
  rows: RowLayout,
  { numPrefix, firstPosition, hasGradient, past }: Omit<PassOptions, "prefixes"> & { readonly numPrefix: number },
): PassContext {
  const shape = attentionShape(config, rows);
  return {
    config,
    shape,
    seen: visibility(shape, numPrefix),
    rotation: config.rotary === null ? null : rotationOf(rowPositions(rows, firstPosition), config.headSize, config.rotary),
    hasGradient,
    past,
  };
}

/** Rows behind the last text are one more text here: they see themselves alone, and nothing reads them. */
function attentionShape(config: BackboneConfig, { numRows, lengths, seenLengths }: RowLayout): AttentionShape {
  const { numHeads, numKeyValueHeads, headSize, isCausal } = config;
  const numBehind = numRows - lengths.reduce((sum, length) => sum + length, 0);
  const withRest = (counts: readonly number[]) => (numBehind === 0 ? counts : [...counts, numBehind]);
  const seen = seenLengths === undefined ? {} : { seenLengths: withRest(seenLengths) };
  return { numHeads, numKeyValueHeads, headSize, isCausal, lengths: withRest(lengths), ...seen };
}

/** Each row's position in its text; 0 behind the last text. */
function rowPositions({ numRows, starts, lengths }: RowLayout, firstPosition: number): number[] {
  const positions = new Array<number>(numRows).fill(0);
  starts.forEach((start, text) => {
    for (let t = 0; t < lengths[text]; t++) positions[start + t] = firstPosition + t;
  });
  return positions;
}

function throughFinalNorm(dLast: tf.Tensor2D, normed: Normed | null, norm: Norm | null): tf.Tensor2D {
  return normed === null || norm === null ? dLast : normalizeGradient(dLast, normed, norm);
}

function checkFits(batch: TokenBatch, config: BackboneConfig, firstPosition: number): void {
  const longest = Math.max(...(batch.seenLengths ?? batch.lengths));
  if (firstPosition + longest > config.maxPositions) {
    throw new Error(`a text of ${longest} tokens starting at position ${firstPosition} does not fit into ${config.maxPositions} positions`);
  }
}

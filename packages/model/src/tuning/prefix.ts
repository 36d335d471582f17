import * as tf from "@tensorflow/tfjs";
import { type Params, sizeOf, type TunedEntry, type TuningSettings, tunedEntries } from "@tutti/core";
import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";

/** Where one trained parameter lies in the vector of all. */
interface Entry extends TunedEntry {
  readonly start: number;
  readonly numValues: number;
}

/** The trained parameters laid end to end: layer 0's prefix, layer 1's, …, then the linear head's weight and bias. */
export interface TunedLayout {
  readonly entries: readonly Entry[];
  readonly numValues: number;
  readonly numLayers: number;
  /** Values that belong to prefixes; they come first. */
  readonly numPrefixValues: number;
  readonly hasHead: boolean;
}

/** The trained parameters as tensors, or their gradients. */
export interface TunedTensors {
  /** (2, P, W) per layer, keys then values. */
  readonly prefixes: readonly tf.Tensor3D[];
  readonly head: { readonly weight: tf.Tensor2D; readonly bias: tf.Tensor1D } | null;
}

/** What a run with these settings trains on this backbone. */
export function tunedLayout(
  config: BackboneConfig,
  tuning: Pick<TuningSettings, "promptTokens" | "head">,
  numClasses: number,
): TunedLayout {
  const sizes = { numLayers: config.numLayers, hiddenSize: config.hiddenSize, keyValueWidth: keyValueWidth(config) };
  let numValues = 0;
  const entries = tunedEntries(sizes, tuning, numClasses).map(({ name, shape }) => {
    const entry = { name, shape, start: numValues, numValues: sizeOf(shape) };
    numValues += entry.numValues;
    return entry;
  });
  const numPrefixValues = entries.slice(0, config.numLayers).reduce((sum, entry) => sum + entry.numValues, 0);
  return { entries, numValues, numLayers: config.numLayers, numPrefixValues, hasHead: tuning.head === "linear" };
}

/** Parameters → one vector. Every name must be there with its shape. */
export function flattenTuned(layout: TunedLayout, params: Params): Float32Array {
  const vector = new Float32Array(layout.numValues);
  for (const { name, shape, start, numValues } of layout.entries) {
    const tensor = params[name];
    if (tensor === undefined) throw new Error(`trained parameter ${name}: missing; received ${Object.keys(params).join(", ")}`);
    if (tensor.data.length !== numValues) {
      throw new Error(`trained parameter ${name}: shape [${shape}] needs ${numValues} floats, received ${tensor.data.length}`);
    }
    vector.set(tensor.data, start);
  }
  return vector;
}

/** One vector → parameters, each with its own copy of the data. */
export function unflattenTuned(layout: TunedLayout, vector: Float32Array): Params {
  return Object.fromEntries(
    layout.entries.map(({ name, shape, start, numValues }) => [name, { shape, data: vector.slice(start, start + numValues) }]),
  );
}

/** The vector's parts as tensors of their shapes. */
export function splitTuned(layout: TunedLayout, vector: tf.Tensor1D): TunedTensors {
  const parts = layout.entries.map(({ shape, start, numValues }) => tf.reshape(tf.slice1d(vector, start, numValues), [...shape]));
  const [weight, bias] = parts.slice(layout.numLayers);
  return {
    prefixes: parts.slice(0, layout.numLayers) as tf.Tensor3D[],
    head: layout.hasHead ? { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D } : null,
  };
}

/** The inverse of `splitTuned`. */
export function joinTuned({ prefixes, head }: TunedTensors): tf.Tensor1D {
  const parts = [...prefixes, ...(head === null ? [] : [head.weight, head.bias])];
  return tf.concat1d(parts.map((part) => tf.reshape<tf.Rank.R1>(part, [part.size])));
}

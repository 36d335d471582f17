import * as tf from "@tensorflow/tfjs-core";
import { type BackboneSizes, type Params, sizeOf, type TunedEntry, type TunedMethod, tunedEntries } from "@tutti/core";
import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";
import { tensorNames } from "../backbone/tensorNames.ts";
import { partOf } from "../kernels/rows.ts";
import type { TunedLayout } from "./tunedLayout.ts";
import { type TunedValues, type Tuner, wholeMethod } from "./tuner.ts";

export type { TunedLayout } from "./tunedLayout.ts";

/** Where one trained parameter lies in the vector of all. */
/** The sizes that decide the shapes of what is trained. */
export function backboneSizes(config: BackboneConfig): BackboneSizes {
  const { numLayers, hiddenSize, numHeads, headSize } = config;
  const widths = { keyValueWidth: keyValueWidth(config), queryWidth: numHeads * headSize };
  const causal = config.isCausal ? { isCausal: true } : {};
  return { numLayers, hiddenSize, ...widths, ...causal, weights: tensorNames(config) };
}

/** What a run with these settings trains on this backbone; `numClasses` is null of a text task. */
export function tunedLayout(config: BackboneConfig, tuning: TunedMethod, numClasses: number | null): TunedLayout {
  return laidOut(tunedEntries(backboneSizes(config), tuning, numClasses));
}

/** Trained parameters end to end in this order. */
export function laidOut(trained: readonly TunedEntry[]): TunedLayout {
  let numValues = 0;
  const entries = trained.map((one) => {
    const entry = { ...one, start: numValues, numValues: sizeOf(one.shape) };
    numValues += entry.numValues;
    return entry;
  });
  const numMethodValues = entries.reduce((sum, entry) => sum + (entry.name.startsWith("head/") ? 0 : entry.numValues), 0);
  return { entries, numValues, numMethodValues };
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

/** The vector's parts as tensors of their shapes, by name. */
export function splitTuned(layout: TunedLayout, vector: tf.Tensor1D): TunedValues {
  return Object.fromEntries(
    layout.entries.map(({ name, shape, start, numValues }) => [name, tf.reshape(partOf(vector, start, numValues), [...shape])]),
  );
}

/** As `splitTuned`, or the vector as it is and the head's parts for a method that reads it in place. */
export function valuesFor(tuner: Tuner, layout: TunedLayout, vector: tf.Tensor1D): TunedValues {
  if (tuner.readsVector?.() !== true) return splitTuned(layout, vector);
  return { [wholeMethod]: vector, ...splitTuned({ ...layout, entries: headEntries(layout) }, vector) };
}

function headEntries({ entries, numMethodValues }: TunedLayout): readonly TunedLayout["entries"][number][] {
  return entries.filter(({ start }) => start >= numMethodValues);
}

/** The inverse of `splitTuned` and `valuesFor`: tensors, or gradients, of every name → one vector. */
export function joinTuned(layout: TunedLayout, values: TunedValues): tf.Tensor1D {
  const whole = values[wholeMethod] as tf.Tensor1D | undefined;
  const entries = whole === undefined ? layout.entries : headEntries(layout);
  if (whole !== undefined && entries.length === 0) return whole;
  const parts = entries.map(({ name, numValues }) => {
    const part = values[name];
    if (part === undefined) throw new Error(`trained parameter ${name}: no value; there are ${Object.keys(values).join(", ")}`);
    return tf.reshape<tf.Rank.R1>(part, [numValues]);
  });
  return tf.concat1d(whole === undefined ? parts : [whole, ...parts]);
}

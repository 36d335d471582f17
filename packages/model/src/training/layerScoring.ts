import * as tf from "@tensorflow/tfjs-core";
import { distinctSequences, readsStates, scoreLayers, type TaskSpec } from "@tutti/core";
import { paddedBatch, type RowLayout, tokenBatch } from "../backbone/batch.ts";
import { valuesFor } from "../tuning/layout.ts";
import type { Tuned } from "./gradient.ts";
import type { EncodedExample } from "./objective.ts";

/** s_{i,l} of every layer from one batch of distinct examples; null when fewer than two are left (fedpeptao.md §3). */
export async function scoreBatch(
  tuned: Tuned,
  values: Float32Array,
  examples: readonly EncodedExample[],
  spec: Extract<TaskSpec, { kind: "score" }>,
): Promise<(number | null)[] | null> {
  if (!readsStates(spec.selector)) throw new Error(`selector ${spec.selector} needs no hidden states`);
  const { config } = tuned.transformer;
  const distinct = distinctSequences(examples.map((example) => example.ids)).map((index) => examples[index]);
  if (distinct.length < 2) return null;
  const texts = distinct.map((example) => example.ids);
  const tokens = spec.maskPadding ? tokenBatch(texts, config.padTokenId) : paddedBatch(texts, config.padTokenId);
  let layouts: readonly RowLayout[] = [];
  const states = tf.tidy(() => {
    const parts = valuesFor(tuned.tuner, tuned.layout, tf.tensor1d(values));
    const pass = tuned.tuner.forward(parts, tokens, { ...tuned, hasGradient: false });
    layouts = pass.layouts.slice(1);
    return pass.states.slice(1);
  });
  const arrays = await Promise.all(states.map((tensor) => tensor.data<"float32">()));
  tf.dispose(states);
  return scoreLayers(spec.selector, {
    numExamples: distinct.length,
    states: arrays.map((state, index) => statesByExample(state, layouts[index], config.hiddenSize)),
    numLayers: config.numLayers,
    scoreLastLayer: spec.scoreLastLayer,
  });
}

/** One layer's states (rows, width) with the texts side by side, (B, T · width) for the longest of T rows, zero behind the shorter ones. */
export function statesByExample(
  state: Float32Array,
  { starts, lengths }: Pick<RowLayout, "starts" | "lengths">,
  width: number,
): Float32Array {
  const perExample = Math.max(...lengths) * width;
  const result = new Float32Array(lengths.length * perExample);
  starts.forEach((start, i) => {
    result.set(state.subarray(start * width, (start + lengths[i]) * width), i * perExample);
  });
  return result;
}

import * as tf from "@tensorflow/tfjs-core";
import { distinctSequences, readsStates, scoreLayers, type TaskSpec } from "@tutti/core";
import { splitTuned } from "../tuning/layout.ts";
import type { Tuned } from "./gradient.ts";
import { type EncodedExample, labelledBatch } from "./objective.ts";

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
  const batch = labelledBatch(distinct, config.padTokenId);
  const { numTokens, lengths } = batch.tokens;
  const tensors = tf.tidy(() => {
    const parts = splitTuned(tuned.layout, tf.tensor1d(values));
    return tuned.tuner.forward(parts, batch.tokens, { ...tuned, hasGradient: false }).states.slice(1);
  });
  const arrays = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  return scoreLayers(spec.selector, {
    numExamples: distinct.length,
    states: arrays.map((state) => {
      const numRows = state.length / (distinct.length * config.hiddenSize);
      const numInFront = numRows - numTokens; // prompt rows
      return statesByExample(
        state,
        lengths.map((length) => numInFront + length),
        numRows,
        spec.maskPadding,
      );
    }),
    numLayers: config.numLayers,
    scoreLastLayer: spec.scoreLastLayer,
  });
}

/** One layer's states (B·T, H), padded positions set to zero when `maskPadding` says so; row-major, so also (B, T · H). */
export function statesByExample(state: Float32Array, lengths: readonly number[], numTokens: number, maskPadding: boolean): Float32Array {
  if (!maskPadding) return state;
  const result = state.slice();
  const perExample = state.length / lengths.length;
  const perToken = perExample / numTokens;
  lengths.forEach((length, i) => {
    result.fill(0, i * perExample + length * perToken, (i + 1) * perExample);
  });
  return result;
}

import * as tf from "@tensorflow/tfjs-core";
import type { TokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { chain } from "./differentiable.ts";
import { activation, trainedLinear, trainedNorm } from "./differentiableTrained.ts";
import { slotOf } from "./generator.ts";
import { contextOf, forwardPrompted } from "./promptRows.ts";
import type { Tuner } from "./tuner.ts";

/** Of the attention's LayerNorm, PyTorch's. */
const epsilon = 1e-5;

/**
 * ATTEMPT (Asai et al. 2022, https://arxiv.org/abs/2205.11961, §3.2): each text's prompt is the target's own plus a mixture of the frozen
 * sources' and the target's. A text's query is the largest value of its word embeddings over its tokens, through down, SiLU, up and LayerNorm;
 * a prompt's key is the largest of its rows' values; the weights are softmax(key · query / (e H)). `sources` are prompts (P, H), row-major.
 * Ours: a prompt of normal(0, 0.02) where the publication starts from a source's, one rate for prompt and attention, nothing shared between tasks,
 * and padding has no part in a text's maximum.
 */
export function createAttemptTuner(transformer: Transformer, sources: readonly Float32Array[]): Tuner {
  const width = transformer.config.hiddenSize;
  const temperature = Math.E * width;
  return {
    forward(values, batch, options) {
      const gradients: Record<string, tf.Tensor> = {};
      const numTexts = batch.lengths.length;
      const target = values["attempt/prompt"] as tf.Tensor2D;
      const numPrompt = target.shape[0];
      const all = tf.concat2d(
        [...sources.map((source) => tf.tensor2d(source, [1, source.length])), tf.reshape(target, [1, target.size])],
        0,
      );
      const keys = tf.max<tf.Tensor2D>(tf.reshape(all, [sources.length + 1, numPrompt, width]), 1); // (sources + 1, H)
      const attention = chain(
        trainedLinear(slotOf(values, gradients, "attempt/down"), null, numTexts),
        activation("silu", options.hasGradient),
        trainedLinear(slotOf(values, gradients, "attempt/up"), null, numTexts),
        trainedNorm(slotOf(values, gradients, "attempt/normWeight"), slotOf(values, gradients, "attempt/normBias"), {
          kind: "layer",
          epsilon,
        }),
      );
      const queries = attention.trace(largestWords(transformer, batch));
      const weights = tf.softmax(tf.div<tf.Tensor2D>(tf.matMul(queries.y, keys, false, true), temperature)); // (B, sources + 1)
      const mixed = tf.reshape<tf.Rank.R3>(tf.matMul(weights, all), [numTexts, numPrompt, width]);
      const pass = forwardPrompted(transformer, tf.add(mixed, target), batch, options);
      return {
        ...pass,
        backward(dLast) {
          const dPrompts = tf.reshape<tf.Rank.R2>(pass.backward(dLast), [numTexts, target.size]);
          const dWeighted = tf.mul<tf.Tensor2D>(weights, tf.matMul(dPrompts, all, false, true));
          const dScores = tf.div<tf.Tensor2D>(tf.sub(dWeighted, tf.mul(weights, tf.sum(dWeighted, 1, true))), temperature);
          queries.backward(tf.matMul(dScores, keys), false);
          const ofTarget = (x: tf.Tensor2D) => tf.slice2d(x, [0, sources.length], [numTexts, 1]);
          const dMixed = tf.matMul(tf.add<tf.Tensor2D>(ofTarget(weights), 1), dPrompts, true, false); // (1, P·H), the plain sum with it
          const key = tf.slice2d(keys, [sources.length, 0], [1, width]);
          const dKey = tf.matMul(ofTarget(dScores), queries.y, true, false); // (1, H)
          const isLargest = tf.cast<tf.Tensor2D>(tf.equal(target, key), "float32"); // (P, H), one row for each column
          gradients["attempt/prompt"] = tf.add(tf.reshape(dMixed, target.shape), tf.mul(isLargest, dKey));
          return gradients;
        },
      };
    },
  };
}

/** The largest of the word embeddings over each text's tokens, by column: (B, H). */
function largestWords(transformer: Transformer, batch: TokenBatch): tf.Tensor2D {
  const width = transformer.config.hiddenSize;
  const lengths = contextOf(batch);
  const largest = new Float32Array(lengths.length * width).fill(Number.NEGATIVE_INFINITY);
  lengths.forEach((length, i) => {
    const rows = transformer.wordRows([...batch.ids.subarray(batch.starts[i], batch.starts[i] + length)]);
    for (let at = 0; at < rows.length; at++) largest[i * width + (at % width)] = Math.max(largest[i * width + (at % width)], rows[at]);
  });
  return tf.tensor2d(largest, [lengths.length, width]);
}
